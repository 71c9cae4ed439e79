//! The sentences that people read when a file cannot be read: what it is, and what to do about it.

use super::sniff::Format;

pub const EMPTY: &str = "ファイルが空（0 バイト）です。送信元に再送を依頼してください";
pub const NO_SUCH_PAGE: &str = "このページはファイルにありません";
pub const PDF_PASSWORD: &str = "パスワード付きの PDF です。送信元にパスワードなしでの再送を依頼してください";
pub const PDF_CRYPT: &str = "暗号化された PDF で、開くことができません。送信元に暗号化なしでの再送を依頼してください";
pub const PDF_DAMAGED: &str = "PDF が壊れているか、途中で切れていて開けません。送信元に再送を依頼してください";
pub const PDF_CUT: &str = "PDF が途中で切れています。送信元に再送を依頼してください";
pub const PDF_NO_PAGES: &str = "PDF にページがありません。送信元に再送を依頼してください";
pub const TIFF_TRUNCATED: &str = "TIFF が途中で切れていて、読めるページがありません。送信元に再送を依頼してください";
pub const TIFF_DAMAGED: &str = "TIFF が壊れていて、読めるページがありません。送信元に再送を依頼してください";
pub const IMAGE_TRUNCATED: &str = "画像が途中で切れているか壊れています。送信元に再送を依頼してください";
pub const ZIP_PASSWORD: &str = "パスワード付きの圧縮ファイルです。送信元にパスワードなしでの再送を依頼してください";
pub const ZIP_DAMAGED: &str = "圧縮ファイル（zip）が壊れているか、途中で切れています。送信元に再送を依頼してください";
pub const ZIP_BOMB: &str = "圧縮ファイル（zip）を展開すると異常に大きくなるため開きません（いわゆる zip 爆弾のおそれ）。送信元に確認してください";
pub const ZIP_NESTED: &str =
    "圧縮ファイルの中にさらに圧縮ファイルがあり、開きません。中身を直接添付しての再送を依頼してください";
pub const ZIP_MAIL: &str = "圧縮ファイルの中のメールは開きません。メールをそのまま転送してください";
pub const ZIP_EMPTY: &str = "圧縮ファイル（zip）の中にファイルがありません。送信元に再送を依頼してください";
pub const MAIL_DAMAGED: &str = "メールとして読み取れません。元のメールを確認してください";
pub const MAIL_ENCRYPTED: &str = "暗号化されたメールのため開けません。送信元に暗号化なしでの再送を依頼してください";
pub const MAIL_TRUNCATED: &str =
    "メールの添付ファイルが途中で切れています。送信元または FAX サービスに再送を依頼してください";

/// A format that gives no pages.
pub fn unreadable(format: Format, name: &str) -> String {
    let lower = name.to_lowercase();
    let ask = "PDF か TIFF での再送を依頼してください";
    match format {
        Format::Empty => EMPTY.to_owned(),
        Format::Heic => format!("HEIC/AVIF 形式の写真（{name}）は読めません。JPEG か PDF での再送を依頼してください"),
        Format::Office => format!("Office 文書（{name}）は読めません。{ask}"),
        Format::Ole => format!("Office またはメールの旧形式ファイル（{name}）は読めません。{ask}"),
        Format::Tnef => {
            format!(
                "Outlook 専用形式の添付（{name}）は開けません。送信元に「テキスト形式」または「HTML 形式」での再送を依頼してください"
            )
        }
        Format::Rtf => format!("リッチテキスト（{name}）は読めません。{ask}"),
        Format::Gif => format!("GIF 画像（{name}）は読めません。{ask}"),
        Format::Bmp => format!("BMP 画像（{name}）は読めません。{ask}"),
        Format::Webp => format!("WebP 画像（{name}）は読めません。JPEG か PDF での再送を依頼してください"),
        Format::PostScript => format!("PostScript（{name}）は読めません。{ask}"),
        Format::Archive => format!("zip 以外の圧縮ファイル（{name}）は開けません。{ask}"),
        Format::Program => format!("プログラム（{name}）が送られてきました。開かずに、送信元に確認してください"),
        Format::Dicom => format!("DICOM 画像（{name}）は読めません。{ask}"),
        Format::Html => format!("HTML ファイル（{name}）は FAX の画像ではないため読めません。{ask}"),
        Format::Text => format!("テキストファイル（{name}）は FAX の画像ではないため読めません。{ask}"),
        Format::Zip => ZIP_NESTED.to_owned(),
        Format::Eml => ZIP_MAIL.to_owned(),
        _ if lower.ends_with(".xdw") || lower.ends_with(".xbd") => {
            format!("DocuWorks 文書（{name}）は読めません。{ask}")
        }
        _ if lower.ends_with(".pdf") => PDF_DAMAGED.to_owned(),
        _ if lower.ends_with(".zip") => ZIP_DAMAGED.to_owned(),
        _ if lower.ends_with(".tif") || lower.ends_with(".tiff") => TIFF_DAMAGED.to_owned(),
        _ if lower.ends_with(".jpg") || lower.ends_with(".jpeg") || lower.ends_with(".png") => {
            IMAGE_TRUNCATED.to_owned()
        }
        _ => format!("ファイルの形式が分かりません（{name}）。{ask}"),
    }
}

pub fn too_many_pages(limit: u32) -> String {
    format!(
        "ページ数が上限（{limit} ページ）を超えています。{limit} ページまでを読みました。残りは原本で確認してください"
    )
}

pub fn page_too_large(width: u64, height: u64) -> String {
    format!("画像が大きすぎます（{width}×{height} 画素）。300 dpi 程度での再送を依頼してください")
}

/// An image in no sheet's proportions.
pub fn no_sheet(width: usize, height: usize) -> String {
    format!("紙の形をしていない画像です（{width}×{height} 画素）。送信元に確認し、再送を依頼してください")
}

/// Pages of a TIFF that the file ends before, or that cannot be walked to.
pub fn tiff_rest(readable: u32) -> String {
    format!("TIFF が途中で切れています。読めたのは {readable} ページまでです。残りのページの再送を依頼してください")
}

/// A page of which the lower part is missing.
pub fn page_cut(page: u32, rows: usize, of: usize) -> String {
    let percent = (rows * 100).checked_div(of).unwrap_or(0);
    format!("{page} ページ目が途中で切れています（上から約 {percent} % まで）。送信元に再送を依頼してください")
}

pub fn file_too_large(mb: u64, limit: u64) -> String {
    format!("ファイルが大きすぎます（{mb} MB、上限 {limit} MB）。分けての再送を依頼してください")
}

/// What a child that died or was stopped was busy with.
pub fn lost(slow: bool, what: &str, seconds: u64) -> String {
    if slow {
        format!("{what}は時間内（{seconds} 秒）に読み終わりませんでした。原本を確認してください")
    } else {
        format!("{what}の読み取りが異常終了しました。原本を確認し、必要なら再送を依頼してください")
    }
}

/// The pages of a file that were not read because its other pages had cost too much.
pub const TOO_COSTLY: &str =
    "読み取りに時間または容量がかかりすぎるため、残りのページは読んでいません。原本を確認してください";

/// What a mail or file without any document held, for the review list.
pub fn nothing_found(parts: &[crate::reading::Part]) -> String {
    let names: Vec<String> = parts
        .iter()
        .map(|p| match (&p.ignored, p.name.is_empty()) {
            (Some(why), true) => why.trim_end_matches("です").to_owned(),
            (Some(why), false) => format!("{}（{}）", p.name, why.trim_end_matches("です")),
            (None, _) => p.name.clone(),
        })
        .collect();
    if names.is_empty() {
        "文書の添付がありません（本文も添付も見つかりません）".to_owned()
    } else {
        format!("文書の添付がありません（見つかったもの: {}）", names.join("、"))
    }
}
