//! The recogniser's file (ONNX): what it says of itself, and its last layer cut down to the classes that count.
//!
//! More than half of the classes are letters that no Japanese sheet carries; giving each of them a probability in every
//! frame costs a twelfth of the whole. The probabilities of the others stay as they are but for a common factor, which
//! [`super::ctc::step`] takes out anyway. Knows the few fields of the format that this takes, and no runtime.

// Numbers of protobuf fields in an ONNX file: of the model, of its graph, of a tensor.
const GRAPH: u64 = 7;
const METADATA: u64 = 14;
const TENSOR: u64 = 5;
const OUTPUT: u64 = 12;
const BETWEEN: u64 = 13;
const SIZES: u64 = 1;
const KIND: u64 = 2;
const RAW: u64 = 9;
/// From a value to its sizes: type, tensor, shape, size.
const TO_SIZE: [u64; 4] = [2, 1, 2, 1];
/// A tensor's kind: 32-bit floating point.
const FLOAT: u64 = 1;

/// The characters that the model lists, one a line, and the number of its classes.
pub fn describe(model: &[u8]) -> Option<(String, usize)> {
    let parts = fields(model)?;
    let listed = parts.iter().filter(|f| f.number == METADATA).find_map(|f| {
        let pair = fields(f.bytes()?)?;
        let of = |number| pair.iter().find(|p| p.number == number)?.bytes();
        (of(1)? == b"character").then(|| String::from_utf8(of(2)?.to_vec()).ok())?
    })?;
    let graph = fields(parts.iter().find(|f| f.number == GRAPH)?.bytes()?)?;
    let mut at = graph.iter().find(|f| f.number == OUTPUT)?.bytes()?;
    for number in TO_SIZE {
        // The last size is that of the classes.
        at = fields(at)?.iter().rfind(|f| f.number == number)?.bytes()?;
    }
    let classes = fields(at)?.iter().find(|f| f.number == SIZES)?.value()?;
    Some((listed, usize::try_from(classes).ok()?))
}

/// The model with only these of its classes, in this order. None where its last layer has another form than one matrix
/// and one row.
pub fn keep(model: &[u8], classes: usize, kept: &[usize]) -> Option<Vec<u8>> {
    let mut tensors = 0;
    let out = rewrite(model, |number, graph| {
        if number != GRAPH {
            return None;
        }
        rewrite(graph, |number, part| match number {
            TENSOR => {
                let cut = cut(part, classes, kept)?;
                tensors += 1;
                Some(cut)
            }
            OUTPUT | BETWEEN => resize(part, &TO_SIZE, classes, kept.len()),
            _ => None,
        })
    })?;
    (tensors == 2).then_some(out)
}

/// A tensor of one or two sizes whose last is that of the classes, with only the kept columns.
fn cut(tensor: &[u8], classes: usize, kept: &[usize]) -> Option<Vec<u8>> {
    let parts = fields(tensor)?;
    let (mut sizes, mut out) = (Vec::new(), Vec::new());
    for f in &parts {
        match (f.number, f.value(), f.bytes()) {
            (SIZES, Some(n), _) => sizes.push(usize::try_from(n).ok()?),
            (SIZES, None, Some(packed)) => {
                let mut rest = packed;
                while !rest.is_empty() {
                    let (n, length) = varint(rest)?;
                    sizes.push(usize::try_from(n).ok()?);
                    rest = &rest[length..];
                }
            }
            (RAW, ..) => {}
            _ => out.extend_from_slice(f.whole),
        }
    }
    let float = parts.iter().any(|f| f.number == KIND && f.value() == Some(FLOAT));
    let raw = parts.iter().find(|f| f.number == RAW)?.bytes()?;
    let last = sizes.pop()?;
    let rows = sizes.first().copied().unwrap_or(1);
    if !float || last != classes || sizes.len() > 1 || raw.len() != rows.checked_mul(classes)?.checked_mul(4)? {
        return None;
    }
    let mut fewer = Vec::with_capacity(rows * kept.len() * 4);
    for row in raw.chunks_exact(classes * 4) {
        for class in kept {
            fewer.extend_from_slice(row.get(class * 4..class * 4 + 4)?);
        }
    }
    for size in sizes.into_iter().chain([kept.len()]) {
        put(&mut out, SIZES << 3);
        put(&mut out, size as u64);
    }
    put_bytes(&mut out, RAW, &fewer);
    Some(out)
}

/// A message with one size in place of another wherever `path` leads to one.
fn resize(message: &[u8], path: &[u64], old: usize, new: usize) -> Option<Vec<u8>> {
    let Some((next, rest)) = path.split_first() else {
        let size = fields(message)?.iter().any(|f| f.number == SIZES && f.value() == Some(old as u64));
        return size.then(|| {
            let mut out = Vec::new();
            put(&mut out, SIZES << 3);
            put(&mut out, new as u64);
            out
        });
    };
    rewrite(message, |number, part| if number == *next { resize(part, rest, old, new) } else { None })
}

/// One field of a protobuf message.
struct Field<'a> {
    number: u64,
    whole: &'a [u8],
    carried: Carried<'a>,
}

enum Carried<'a> {
    Value(u64),
    Bytes(&'a [u8]),
    Fixed,
}

impl<'a> Field<'a> {
    fn bytes(&self) -> Option<&'a [u8]> {
        if let Carried::Bytes(b) = self.carried { Some(b) } else { None }
    }
    fn value(&self) -> Option<u64> {
        if let Carried::Value(n) = self.carried { Some(n) } else { None }
    }
}

/// None where the bytes are no message.
fn fields(message: &[u8]) -> Option<Vec<Field<'_>>> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < message.len() {
        let from = at;
        let (tag, length) = varint(&message[at..])?;
        at += length;
        let carried = match tag & 7 {
            0 => {
                let (n, length) = varint(&message[at..])?;
                at += length;
                Carried::Value(n)
            }
            2 => {
                let (size, length) = varint(&message[at..])?;
                at += length;
                let bytes = message.get(at..at.checked_add(usize::try_from(size).ok()?)?)?;
                at += bytes.len();
                Carried::Bytes(bytes)
            }
            1 | 5 => {
                at += if tag & 7 == 1 { 8 } else { 4 };
                Carried::Fixed
            }
            _ => return None,
        };
        out.push(Field { number: tag >> 3, whole: message.get(from..at)?, carried });
    }
    Some(out)
}

/// A number and how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut n = 0u64;
    for (i, b) in bytes.iter().take(10).enumerate() {
        n |= u64::from(b & 0x7f).checked_shl(7 * i as u32)?;
        if b & 0x80 == 0 {
            return Some((n, i + 1));
        }
    }
    None
}

/// A message with those of its inner messages that `new` gives another form.
fn rewrite(message: &[u8], mut new: impl FnMut(u64, &[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(message.len());
    for f in fields(message)? {
        match f.bytes().and_then(|b| new(f.number, b)) {
            Some(other) => put_bytes(&mut out, f.number, &other),
            None => out.extend_from_slice(f.whole),
        }
    }
    Some(out)
}

fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn put_bytes(out: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    put(out, number << 3 | 2);
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(parts: &[(u64, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        parts.iter().for_each(|(number, bytes)| put_bytes(&mut out, *number, bytes));
        out
    }

    fn number(field: u64, n: u64) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, field << 3);
        put(&mut out, n);
        out
    }

    fn tensor(name: &str, sizes: &[u64], values: &[f32]) -> Vec<u8> {
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let sizes: Vec<u8> = sizes.iter().flat_map(|n| number(SIZES, *n)).collect();
        [sizes, number(KIND, FLOAT), message(&[(8, name.as_bytes()), (RAW, &raw)])].concat()
    }

    fn output(classes: u64) -> Vec<u8> {
        let shape = message(&[(1, &number(SIZES, 7)), (1, &number(SIZES, classes))]);
        message(&[(1, b"out"), (2, &message(&[(1, &message(&[(2, &shape)]))]))])
    }

    fn model(classes: u64, matrix: &[f32], row: &[f32]) -> Vec<u8> {
        let rows = matrix.len() as u64 / classes;
        let graph = message(&[
            (1, b"a node"),
            (TENSOR, &tensor("other", &[3], &[1.0, 2.0, 3.0])),
            (TENSOR, &tensor("w", &[rows, classes], matrix)),
            (TENSOR, &tensor("b", &[classes], row)),
            (OUTPUT, &output(classes)),
        ]);
        let listed = message(&[(1, b"character"), (2, "あ\nい\nう".as_bytes())]);
        message(&[(2, b"maker"), (GRAPH, &graph), (METADATA, &listed)])
    }

    #[test]
    fn a_model_tells_its_characters_and_classes() {
        let m = model(5, &[0.0; 10], &[0.0; 5]);
        assert_eq!(describe(&m), Some(("あ\nい\nう".to_owned(), 5)));
        assert_eq!(describe(b"no model"), None);
        assert_eq!(describe(&m[..m.len() - 3]), None);
    }

    #[test]
    fn the_last_layer_is_cut_and_nothing_else() {
        let whole = model(5, &[0.0, 1.0, 2.0, 3.0, 4.0, 10.0, 11.0, 12.0, 13.0, 14.0], &[5.0, 6.0, 7.0, 8.0, 9.0]);
        let cut = keep(&whole, 5, &[0, 2, 4]).expect("a last layer");
        assert_eq!(describe(&cut).map(|d| d.1), Some(3));
        let graph = fields(
            fields(&cut).expect("fields").iter().find(|f| f.number == GRAPH).expect("graph").bytes().expect("bytes"),
        );
        let raw: Vec<Vec<f32>> = graph
            .expect("fields")
            .iter()
            .filter(|f| f.number == TENSOR)
            .map(|f| {
                let parts = fields(f.bytes().expect("bytes")).expect("fields");
                let raw = parts.iter().find(|p| p.number == RAW).expect("raw").bytes().expect("bytes");
                raw.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
            })
            .collect();
        assert_eq!(raw, [vec![1.0, 2.0, 3.0], vec![0.0, 2.0, 4.0, 10.0, 12.0, 14.0], vec![5.0, 7.0, 9.0]]);
    }

    #[test]
    fn what_has_another_form_is_left_alone() {
        let m = model(5, &[0.0; 10], &[0.0; 5]);
        assert_eq!(keep(&m, 6, &[0, 1]), None, "no layer has so many classes");
        assert_eq!(keep(&m, 5, &[0, 9]), None, "a class that is not there");
        assert_eq!(keep(b"no model", 5, &[0]), None);
    }
}
