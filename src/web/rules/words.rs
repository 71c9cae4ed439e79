//! What the words of the rules' grammar are called on the pages.

use super::super::frame::Frame;
use super::super::words as names;
use crate::model::Document;

/// A choice in a form: word of the grammar, what it is called, whether it is chosen.
pub type Choice = (String, String, bool);

pub fn choices(frame: &Frame, all: &[&str], chosen: impl Fn(&str) -> bool) -> Vec<Choice> {
    all.iter().map(|w| ((*w).to_owned(), word(frame, w), chosen(w))).collect()
}

pub fn word(frame: &Frame, word: &str) -> String {
    let (ja, en) = match word {
        "same_line" => ("同じ行の右", "same line"),
        "block" => ("同じ行と下の行", "line and rows below"),
        "right_cell" => ("右のマス", "cell to the right"),
        "right" => ("右のほう", "further right"),
        "below_cell" => ("下のマス", "cell below"),
        "below" => ("下の行", "rows below"),
        "box" => ("下の枠の中", "box below"),
        "region" => ("決めた場所", "region"),
        "shape" => ("形から", "its shape"),
        "choice" => ("印", "a mark"),
        "person" => ("人の名前", "person"),
        "kana" => ("フリガナ", "kana"),
        "institution" => ("病院・事業所の名前", "institution"),
        "department" => ("診療科・部署", "department"),
        "date" => ("日付", "date"),
        "birth_date" => ("生年月日", "birth date"),
        "start" => ("期間の始まり", "start of a period"),
        "end" => ("期間の終わり", "end of a period"),
        "datetime" => ("日時", "date and time"),
        "phone" => ("電話番号", "phone"),
        "postal" | "postal_code" => ("郵便番号", "postal code"),
        "address" => ("住所", "address"),
        "insurer" | "insurer_number" => ("保険者番号（6桁）", "insurer number"),
        "insured" | "insured_number" => ("被保険者番号（10桁）", "insured number"),
        "sex" => ("性別", "sex"),
        "care_level" => ("要介護度", "care level"),
        "adl" => ("ADLの段階", "grade of ADL"),
        "relation" => ("続柄", "relation"),
        "urgency" => ("至急かどうか", "urgency"),
        "url" => ("Webのアドレス", "web address"),
        "word" => ("言葉ひとつ", "a word"),
        "text" => ("文章", "text"),
        "finding" => ("有無と内容", "finding"),
        "diagnoses" => ("病名の一覧", "diagnoses"),
        "drugs" => ("薬の一覧", "drugs"),
        "ticked" => ("チェックの一覧", "ticked options"),
        "nfkc" => ("全角・半角をそろえる", "even out widths"),
        "strip_honorific" => ("様・先生を外す", "strip titles"),
        "one_space" => ("空白をひとつに", "one space"),
        "no_space" => ("空白をなくす", "no spaces"),
        "katakana" => ("カタカナにする", "katakana"),
        "digits" => ("数字だけにする", "digits only"),
        "person_name" => ("人名らしいこと", "a plausible name"),
        "near_today" => ("書類の日付に近いこと", "near the sheet's date"),
        "enum" => ("選択肢", "one of several"),
        "list" => ("一覧", "list"),
        other => return other.to_owned(),
    };
    frame.say(ja, en).to_owned()
}

/// What a field is called on a sheet.
pub fn label(documents: &[Option<&Document>], key: &str) -> String {
    let own = documents.iter().flatten().find_map(|d| d.fields.get(key)?.trace.name.clone());
    own.unwrap_or_else(|| names::label(key))
}
