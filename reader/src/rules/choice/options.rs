//! Groups that every form prints.

use super::Choices;
use super::find::Words;

impl Choices {
    pub fn new(options: &[(&str, &[&str])], exactly_one: bool) -> Choices {
        let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        Choices::of(options.iter().map(|(v, w)| ((*v).to_owned(), owned(w))).collect(), exactly_one)
    }

    /// Values and their words.
    pub fn of(options: Vec<(String, Vec<String>)>, exactly_one: bool) -> Choices {
        Choices { words: Words::new(&options), options, exactly_one }
    }

    pub fn sex() -> Choices {
        Choices::new(&[("male", &["男性", "男", "M"]), ("female", &["女性", "女", "F"])], true)
    }

    pub fn yes_no() -> Choices {
        Choices::new(&[("yes", &["有り", "有", "あり", "はい"]), ("no", &["無し", "無", "なし", "いいえ"])], true)
    }

    /// 自立, 見守り, 一部介助, 全介助; forms with three grades leave out the second. A ring swallows the 一, or cuts a line.
    pub fn adl() -> Choices {
        Choices::new(
            &[
                ("independent", &["自立", "自力", "介助なし"]),
                ("supervised", &["見守り等", "見守り", "見守", "監視"]),
                ("partial", &["一部介助", "部分介助", "部介助", "一部"]),
                ("full", &["全介助", "全面介助", "全部介助", "全介", "全"]),
            ],
            true,
        )
    }

    /// 要支援 1・2, 要介護 1・2・3・4・5, 申請中, 非該当; in narrow columns 支1, 介1.
    pub fn care_level() -> Choices {
        const DIGITS: [[&str; 2]; 5] = [["1", "一"], ["2", "二"], ["3", "三"], ["4", "四"], ["5", "五"]];
        let words = |prefixes: &[&str], level: usize| {
            prefixes.iter().flat_map(|p| DIGITS[level].map(|d| format!("{p}|{d}"))).collect::<Vec<_>>()
        };
        let mut options: Vec<(String, Vec<String>)> = Vec::new();
        for n in 0..2 {
            options.push((format!("support_{}", n + 1), words(&["要支援", "要支", "支援", "支"], n)));
        }
        for n in 0..5 {
            options
                .push((format!("care_{}", n + 1), words(&["要介護度", "要介護", "介護度", "要介", "介護", "介"], n)));
        }
        let plain = Choices::new(
            &[
                ("applying", &["新規申請中", "区分変更申請中", "区分変更中", "新規申請", "申請中", "申請"]),
                ("none", &["未申請", "非該当", "認定なし", "未認定", "自立", "なし"]),
            ],
            true,
        );
        options.extend(plain.options);
        Choices::of(options, true)
    }
}
