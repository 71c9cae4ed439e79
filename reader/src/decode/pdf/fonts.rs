//! Fonts for PDFs that do not carry their own. Japanese office software often leaves MS Gothic and MS Mincho out, so
//! a Japanese font of the system is opened before the sandbox closes and read from its descriptor when first needed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use ::hayro::hayro_interpret::font::{FontData, FontQuery};

/// Where Debian's and others' packages put Japanese fonts with the usual proportions; the first that is there counts.
const CANDIDATES: [&str; 9] = [
    "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
    "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf",
    "/usr/share/fonts/truetype/fonts-japanese-gothic.ttf",
    "/usr/share/fonts/truetype/takao-gothic/TakaoGothic.ttf",
    "/usr/share/fonts/truetype/vlgothic/VL-Gothic-Regular.ttf",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/ipa-gothic/ipag.ttf",
];

/// Larger files are not fonts for text.
const LARGEST: u64 = 64 << 20;

static OPEN: Mutex<Option<File>> = Mutex::new(None);
static FONT: OnceLock<Option<FontData>> = OnceLock::new();

/// Opens the fallback font; called before the sandbox closes.
pub fn prepare() {
    let file = CANDIDATES.iter().find_map(|p| File::open(Path::new(p)).ok());
    if let Ok(mut open) = OPEN.lock() {
        *open = file;
    }
}

/// Whether there is a Japanese fallback font.
pub fn available() -> bool {
    font().is_some()
}

fn font() -> Option<FontData> {
    FONT.get_or_init(|| {
        let mut open = OPEN.lock().ok()?;
        let mut file = open.take()?;
        file.seek(SeekFrom::Start(0)).ok()?;
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).ok()?;
        Some(Arc::new(bytes) as FontData)
    })
    .clone()
}

/// The standard 14 come with the crate; for all else a Japanese font serves better than a Latin one.
pub fn resolve(query: &FontQuery) -> Option<(FontData, u32)> {
    match query {
        FontQuery::Standard(s) => Some(s.get_font_data()),
        FontQuery::Fallback(f) => {
            let japanese = if is_substitute(query) { font() } else { None };
            japanese.map(|data| (data, 0)).or_else(|| Some(f.pick_standard_font().get_font_data()))
        }
    }
}

/// Whether a Japanese font stands in for one that the file does not carry.
pub fn is_substitute(query: &FontQuery) -> bool {
    match query {
        FontQuery::Standard(_) => false,
        FontQuery::Fallback(f) => {
            f.character_collection.is_some() || is_japanese(f.post_script_name.as_deref().unwrap_or_default())
        }
    }
}

fn is_japanese(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "gothic",
        "mincho",
        "meiryo",
        "hiragino",
        "hirakaku",
        "kozuka",
        "ryumin",
        "yugo",
        "yumin",
        "ipa",
        "ms-",
        "uddigikyokasho",
    ];
    let lower = name.to_lowercase();
    !lower.contains("centurygothic")
        && !lower.contains("franklingothic")
        && (!name.is_ascii() || WORDS.iter().any(|w| lower.contains(w)))
}
