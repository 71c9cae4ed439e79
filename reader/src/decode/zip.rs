//! Zip files, one level deep, within limits on members, bytes and ratio.

use std::io::{Cursor, Read};

use ::zip::result::ZipError;
use ::zip::{CompressionMethod, ZipArchive};

use super::mail::names;
use super::sniff::{self, Format};
use super::{Limits, Piece, say, tamed};

/// Below this many unpacked bytes a high ratio is only a blank page.
const SMALL: u64 = 1 << 20;

/// The members in their order. A zip that cannot be opened is one piece with the reason.
pub fn pieces(name: &str, bytes: &[u8], limits: &Limits) -> Vec<Piece> {
    match tamed(|| unpack(name, bytes, limits)) {
        Some(Ok(pieces)) => pieces,
        Some(Err(why)) => vec![Piece::error(name, why.0, why.1)],
        None => vec![Piece::error(name, Format::Zip, say::ZIP_DAMAGED)],
    }
}

fn unpack(name: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<Piece>, (Format, String)> {
    let fail = |why: &str| (Format::Zip, why.to_owned());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| fail(say::ZIP_DAMAGED))?;
    if is_office(&archive) {
        return Err((Format::Office, say::unreadable(Format::Office, name)));
    }
    if archive.len() > limits.zip_members {
        return Err(fail(&format!(
            "圧縮ファイル（zip）の中のファイルが多すぎます（{} 個、上限 {} 個）。分けての再送を依頼してください",
            archive.len(),
            limits.zip_members
        )));
    }
    let mut left = limits.zip_bytes;
    let mut pieces = Vec::new();
    for n in 0..archive.len() {
        let (inner, encrypted, directory, size, packed, method) = {
            let member = archive.by_index_raw(n).map_err(|_| fail(say::ZIP_DAMAGED))?;
            (
                member_name(member.name_raw(), n),
                member.encrypted(),
                member.is_dir(),
                member.size(),
                member.compressed_size(),
                member.compression(),
            )
        };
        if directory || is_clutter(&inner) {
            continue;
        }
        let full = format!("{name}/{inner}");
        if encrypted {
            pieces.push(Piece::error(&full, Format::Unknown, say::ZIP_PASSWORD));
            continue;
        }
        if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
            let why = "この圧縮方式の zip は開けません。通常の zip での再送を依頼してください";
            pieces.push(Piece::error(&full, Format::Unknown, why));
            continue;
        }
        if size > left || (size > SMALL && size / limits.zip_ratio.max(1) > packed) {
            return Err(fail(say::ZIP_BOMB));
        }
        let member = match archive.by_index(n) {
            Ok(m) => m,
            Err(ZipError::UnsupportedArchive(_) | ZipError::InvalidPassword) => {
                pieces.push(Piece::error(&full, Format::Unknown, say::ZIP_PASSWORD));
                continue;
            }
            Err(_) => return Err(fail(say::ZIP_DAMAGED)),
        };
        // The sizes in the directory are only claims.
        let cap = left.min(SMALL.max(packed.saturating_mul(limits.zip_ratio)));
        let mut content = Vec::new();
        let read = member.take(cap + 1).read_to_end(&mut content);
        if content.len() as u64 > cap {
            return Err(fail(say::ZIP_BOMB));
        }
        left -= content.len() as u64;
        if read.is_err() {
            pieces.push(Piece::error(&full, Format::Unknown, say::ZIP_DAMAGED));
            continue;
        }
        pieces.push(match sniff::sniff(&content) {
            Format::Zip => Piece::error(&full, Format::Zip, say::ZIP_NESTED),
            Format::Eml => Piece::error(&full, Format::Eml, say::ZIP_MAIL),
            Format::Text if is_note(&inner) => Piece::ignored(&full, Format::Text, super::mail::NO_DOCUMENT),
            _ => Piece::new(&full, content),
        });
    }
    if pieces.is_empty() {
        return Err(fail(say::ZIP_EMPTY));
    }
    Ok(pieces)
}

/// Whether it is the container of an OOXML or OpenDocument file.
fn is_office(archive: &ZipArchive<Cursor<&[u8]>>) -> bool {
    archive.file_names().any(|n| n == "[Content_Types].xml" || n == "META-INF/manifest.xml" || n == "mimetype")
}

/// Names without the UTF-8 flag come in MS932 from Japanese Windows.
fn member_name(raw: &[u8], n: usize) -> String {
    let name = match std::str::from_utf8(raw) {
        Ok(s) => s.to_owned(),
        Err(_) => encoding_rs::SHIFT_JIS.decode(raw).0.into_owned(),
    };
    let name = names::printable(&name);
    if name.is_empty() { format!("{}", n + 1) } else { name.replace('\\', "/") }
}

/// What operating systems leave in zips.
fn is_clutter(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("__MACOSX/") || matches!(last, "" | ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

fn is_note(name: &str) -> bool {
    let lower = name.to_lowercase();
    [".txt", ".csv", ".log", ".md"].iter().any(|e| lower.ends_with(e))
}
