//! What is fed in: small faxes that are read in a moment, each with content of its own, and what must come of each.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::dice::Dice;

/// Room and number of members of the patient on [`Kind::Sheet`].
pub const MEMBERS: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A page without a word.
    Blank,
    /// A referral of a registered patient: the upper half of sample 01.
    Sheet,
    /// A file that ends in the middle.
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Scan,
    Maildir,
    Imap,
}

impl Place {
    /// Name of the source.
    pub fn source(self) -> &'static str {
        match self {
            Place::Scan => "scan",
            Place::Maildir => "mails",
            Place::Imap => "imap",
        }
    }
}

/// One input that was handed over.
#[derive(Debug, Clone)]
pub struct Given {
    pub place: Place,
    /// File name; the mailbox gives numbers of its own.
    pub name: String,
    pub sha256: String,
    pub kind: Kind,
}

impl Given {
    /// The final state.
    pub fn state(&self) -> &'static str {
        match (self.kind, self.place) {
            (Kind::Blank, _) => "ignored",
            (Kind::Sheet, _) => "posted",
            (Kind::Broken, _) => "review",
        }
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

struct Pixels {
    width: u32,
    height: u32,
    /// One bit each.
    bytes: Vec<u8>,
}

static SHEET: LazyLock<Pixels> = LazyLock::new(|| {
    let decoder = png::Decoder::new(std::io::Cursor::new(include_bytes!("sheet.png")));
    let mut reader = decoder.read_info().expect("a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut bytes).expect("pixels");
    Pixels { width: info.width, height: info.height, bytes }
});

/// A bilevel PNG at 200 dpi; `n` stands in a comment, so that equal pictures are different files.
fn png(pixels: &Pixels, n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, pixels.width, pixels.height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: 7874, yppu: 7874, unit: png::Unit::Meter }));
    encoder.add_text_chunk("Comment".into(), format!("{n}")).expect("a comment");
    let mut writer = encoder.write_header().expect("header");
    writer.write_image_data(&pixels.bytes).expect("pixels");
    drop(writer);
    out
}

/// The `n`-th file of a kind.
pub fn file(kind: Kind, n: u64) -> Vec<u8> {
    match kind {
        Kind::Blank => png(&Pixels { width: 800, height: 1120, bytes: vec![255; 100 * 1120] }, n),
        Kind::Sheet => png(&SHEET, n),
        Kind::Broken => {
            let mut bytes = png(&SHEET, n);
            bytes.truncate(bytes.len() / 3);
            bytes
        }
    }
}

/// A fax gateway's mail with that file.
pub fn mail(kind: Kind, n: u64) -> Vec<u8> {
    use lettre::message::header::ContentType;
    use lettre::message::{Attachment, Message, MultiPart, SinglePart};
    let parts = MultiPart::mixed().singlepart(SinglePart::plain("FAX".to_owned())).singlepart(
        Attachment::new("fax.png".to_owned()).body(file(kind, n), ContentType::parse("image/png").expect("a type")),
    );
    let message = Message::builder()
        .from("gateway@example.jp".parse().expect("an address"))
        .to("fax@example.jp".parse().expect("an address"))
        .message_id(Some(format!("<{n}@gateway.example.jp>")))
        .date(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_780_000_000 + n))
        .subject("FAX")
        .multipart(parts)
        .expect("a mail");
    message.formatted()
}

/// A kind as they come: most are cheap.
pub fn any(dice: &mut Dice) -> Kind {
    match dice.below(100) {
        0..45 => Kind::Blank,
        45..80 => Kind::Sheet,
        _ => Kind::Broken,
    }
}
