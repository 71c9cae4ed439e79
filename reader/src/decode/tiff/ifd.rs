//! The directories of a TIFF: TIFF 6.0 sections 2, 8 and 11, TIFF class F tags, BigTIFF's wider forms.

/// One page as its directory describes it.
#[derive(Debug, Clone, Default)]
pub struct Ifd {
    /// Its place in the chain, thumbnails counted.
    pub index: usize,
    pub width: u64,
    /// 0 where the directory does not say.
    pub height: u64,
    pub bits: u16,
    pub samples: u16,
    pub compression: u16,
    pub photometric: u16,
    /// Where in the file its value stands.
    pub photometric_at: usize,
    pub fill_order: u16,
    pub orientation: u16,
    pub t4_options: u32,
    pub rows_per_strip: u64,
    pub strips: Vec<StripAt>,
    pub tiled: bool,
    /// Dots per inch, where declared.
    pub dpi: Option<(f32, f32)>,
    /// BadFaxLines: rows that arrived damaged, as the receiver counted.
    pub bad_rows: u64,
    /// Colour map: three times 2^bits values.
    pub palette: Vec<u16>,
}

#[derive(Debug, Clone, Copy)]
pub struct StripAt {
    pub offset: u64,
    pub length: u64,
}

/// What walking the chain gave.
#[derive(Debug, Default)]
pub struct Walk {
    pub pages: Vec<Ifd>,
    /// The chain leads behind the end of the file, or a directory lies half behind it.
    pub truncated: bool,
}

/// Strips of one page; a page of 60 000 rows with one row a strip stays below.
const MAX_VALUES: u64 = 70_000;

struct Reader<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    big: bool,
}

impl Reader<'_> {
    fn uint(&self, at: u64, size: usize) -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        let raw = self.bytes.get(at..at.checked_add(size)?)?;
        let fold = |acc: u64, b: &u8| acc << 8 | u64::from(*b);
        Some(if self.big_endian { raw.iter().fold(0, fold) } else { raw.iter().rev().fold(0, fold) })
    }
}

/// An entry of a directory: type, count and where the values stand.
#[derive(Clone, Copy)]
struct Entry {
    kind: u16,
    count: u64,
    at: u64,
}

impl Entry {
    fn size(self) -> u64 {
        match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 | 17 | 18 => 8,
            _ => 0,
        }
    }
    fn uint(self, r: &Reader<'_>, n: u64) -> Option<u64> {
        if n >= self.count || !matches!(self.kind, 1 | 3 | 4 | 13 | 16 | 18) {
            return None;
        }
        r.uint(self.at.checked_add(n.checked_mul(self.size())?)?, self.size() as usize)
    }
    fn uints(self, r: &Reader<'_>) -> Vec<u64> {
        (0..self.count.min(MAX_VALUES)).map_while(|n| self.uint(r, n)).collect()
    }
    fn real(self, r: &Reader<'_>) -> Option<f32> {
        match self.kind {
            5 => {
                let (a, b) = (r.uint(self.at, 4)?, r.uint(self.at.checked_add(4)?, 4)?);
                (b != 0).then(|| (a as f64 / b as f64) as f32)
            }
            11 => Some(f32::from_bits(r.uint(self.at, 4)? as u32)),
            _ => self.uint(r, 0).map(|v| v as f32),
        }
    }
}

/// Walks the chain of directories; a loop ends it. At most `cap` pages.
pub fn walk(bytes: &[u8], cap: usize) -> Walk {
    let mut walk = Walk::default();
    let r = Reader { bytes, big_endian: bytes.first() == Some(&b'M'), big: is_big(bytes) };
    let (at, size) = if r.big { (8, 8) } else { (4, 4) };
    let Some(mut next) = r.uint(at, size) else {
        walk.truncated = true;
        return walk;
    };
    let mut seen = std::collections::HashSet::new();
    let mut index = 0;
    while next != 0 && seen.insert(next) && walk.pages.len() < cap && index < cap * 2 {
        let Some((ifd, after)) = directory(&r, next, index) else {
            walk.truncated = true;
            break;
        };
        index += 1;
        if let Some(ifd) = ifd {
            walk.pages.push(ifd);
        }
        match after {
            Some(n) => next = n,
            None => {
                walk.truncated = true;
                break;
            }
        }
    }
    walk
}

fn is_big(bytes: &[u8]) -> bool {
    matches!(bytes.get(2..4), Some([43, 0] | [0, 43]))
}

/// The page (none for thumbnails and masks) and the next directory's offset (none where it is cut off).
fn directory(r: &Reader<'_>, at: u64, index: usize) -> Option<(Option<Ifd>, Option<u64>)> {
    let (head, entry_size, inline, word) = if r.big { (8u64, 20u64, 8u64, 8usize) } else { (2, 12, 4, 4) };
    let count = r.uint(at, head as usize)?;
    let first = at.checked_add(head)?;
    let mut ifd = Ifd {
        index,
        bits: 1,
        samples: 1,
        compression: 1,
        fill_order: 1,
        orientation: 1,
        rows_per_strip: u64::MAX,
        ..Ifd::default()
    };
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    let (mut x, mut y, mut unit, mut subfile) = (None, None, 2, 0);
    for n in 0..count.min(4096) {
        let here = first.checked_add(n * entry_size)?;
        // A directory that is cut off in the middle gives no page.
        r.uint(here, entry_size as usize / 2).and_then(|_| r.uint(here + entry_size - 4, 4))?;
        let kind = r.uint(here + 2, 2)? as u16;
        let values = r.uint(here + 4, word)?;
        let mut e = Entry { kind, count: values, at: here + 4 + word as u64 };
        if e.size().checked_mul(values).is_none_or(|bytes| bytes > inline) {
            e.at = r.uint(e.at, word)?;
        }
        let first_value = e.uint(r, 0);
        let short = first_value.and_then(|v| u16::try_from(v).ok());
        match r.uint(here, 2)? {
            254 => subfile = first_value.unwrap_or(0),
            256 => ifd.width = first_value.unwrap_or(0),
            257 => ifd.height = first_value.unwrap_or(0),
            258 => ifd.bits = short.unwrap_or(1),
            259 => ifd.compression = short.unwrap_or(1),
            262 => {
                ifd.photometric = short.unwrap_or(0);
                ifd.photometric_at = e.at as usize;
            }
            266 => ifd.fill_order = short.unwrap_or(1),
            273 => offsets = e.uints(r),
            274 => ifd.orientation = short.unwrap_or(1),
            277 => ifd.samples = short.unwrap_or(1),
            278 => ifd.rows_per_strip = first_value.filter(|v| *v > 0).unwrap_or(u64::MAX),
            279 => lengths = e.uints(r),
            282 => x = e.real(r),
            283 => y = e.real(r),
            292 => ifd.t4_options = first_value.unwrap_or(0) as u32,
            296 => unit = first_value.unwrap_or(2),
            320 => ifd.palette = e.uints(r).into_iter().map(|v| v as u16).collect(),
            322 | 324 => ifd.tiled = true,
            326 => ifd.bad_rows = first_value.unwrap_or(0),
            _ => {}
        }
    }
    let size = r.bytes.len() as u64;
    // Without byte counts a strip reaches to the next one, the last to the directory behind it or the file's end.
    let mut sorted = if lengths.len() < offsets.len() || lengths.contains(&0) { offsets.clone() } else { Vec::new() };
    sorted.sort_unstable();
    for (n, &offset) in offsets.iter().enumerate() {
        let length = match lengths.get(n) {
            Some(&l) if l > 0 => l,
            _ => {
                let next = sorted.get(sorted.partition_point(|o| *o <= offset)).copied();
                next.or((at > offset).then_some(at)).unwrap_or(size).saturating_sub(offset)
            }
        };
        ifd.strips.push(StripAt { offset, length });
    }
    let to_inch = if unit == 3 { 2.54 } else { 1.0 };
    if let (Some(x), Some(y)) = (x, y)
        && unit != 1
    {
        ifd.dpi = Some((x * to_inch, y * to_inch));
    }
    let next = r.uint(first.checked_add(count.min(1 << 20) * entry_size)?, word);
    // NewSubfileType: bit 0 thumbnail, bit 2 mask.
    let is_page = subfile & 0b101 == 0 && (!ifd.strips.is_empty() || ifd.tiled);
    Some((is_page.then_some(ifd), next))
}
