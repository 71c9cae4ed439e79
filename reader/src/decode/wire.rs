//! What parent and child say to each other: frames of postcard behind a length, on the child's stdin and stdout.
//!
//! The parent treats every answer as hostile: lengths are bounded before anything is allocated.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Limits;
use crate::again::ink;
use crate::model::Reader;
use crate::reading::{Mail, Page, Part};

/// Largest answer: a page's reading and its image.
pub const LARGEST_ANSWER: usize = 96 << 20;
/// Largest request frame besides the file itself.
pub const LARGEST_ASK: usize = 1 << 20;

/// A request; the file's bytes follow in a frame of their own, without postcard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ask {
    pub name: String,
    pub limits: Limits,
    /// Pieces that must not be opened: an earlier child died over them.
    pub skip: Vec<u32>,
    /// First page to read (from 1, through the whole file): the others have been answered.
    pub from_page: u32,
    /// Nothing is to be read: the bytes are two page images ([`Images`]) to be compared.
    pub compare: Option<ink::Question>,
}

/// Two page images as the child itself made them, PNG.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Images {
    pub old: Vec<u8>,
    pub new: Vec<u8>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Answer {
    /// The engine is warm and the sandbox closed.
    Ready(Reader),
    /// The child cannot work here at all.
    Refused(String),
    /// The file is taken apart.
    Pieces { mail: Option<Mail>, count: u32 },
    /// The next thing is to open this piece.
    Opening(u32),
    /// The piece's pages are known.
    Opened(u32, Part),
    /// One page, with its image as PNG (empty where the page failed).
    Page { part: u32, page: Box<Page>, image: Vec<u8>, warnings: Vec<String>, incomplete: Option<String> },
    /// How two images compare, or why that cannot be told.
    Compared(Result<ink::Answer, String>),
    /// The file is done. `tainted`: something panicked, the child should not be asked again.
    Done { tainted: bool },
}

/// Writes one frame.
pub fn send<T: Serialize>(out: &mut impl Write, what: &T) -> io::Result<()> {
    let body = postcard::to_stdvec(what).map_err(io::Error::other)?;
    send_raw(out, &body)
}

/// Writes one frame of plain bytes.
pub fn send_raw(out: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(body)?;
    out.flush()
}

/// Reads one frame of plain bytes; none at the end of the stream.
pub fn receive_raw(from: &mut impl Read, largest: usize) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 4];
    let mut got = 0;
    while got < 4 {
        match from.read(&mut head[got..]) {
            Ok(0) if got == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    let length = u32::from_le_bytes(head) as usize;
    if length > largest {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too long"));
    }
    let mut body = Vec::new();
    from.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(Some(body)) }
}

/// Reads one frame; none at the end of the stream.
pub fn receive<T: DeserializeOwned>(from: &mut impl Read, largest: usize) -> io::Result<Option<T>> {
    let Some(body) = receive_raw(from, largest)? else { return Ok(None) };
    postcard::from_bytes(&body).map(Some).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}
