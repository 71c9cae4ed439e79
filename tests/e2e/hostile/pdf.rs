//! PDFs: trees and tables that loop, counts that lie, drawings that never end, streams that swell.

use super::{File, gigabyte, noise, zlib_zeros};

/// Objects from 1 on, a table of where they are, a trailer with `extra`.
fn pdf(objects: &[Vec<u8>], extra: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut table = String::new();
    for (n, o) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", out.len());
        out.extend(format!("{} 0 obj\n", n + 1).bytes());
        out.extend(o);
        out.extend(b"\nendobj\n");
    }
    let at = out.len();
    let size = objects.len() + 1;
    out.extend(format!("xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R{extra}>>\nstartxref\n{at}\n%%EOF\n").bytes());
    out
}

fn stream(entries: &str, data: &[u8]) -> Vec<u8> {
    let mut out = format!("<<{entries}/Length {}>>stream\n", data.len()).into_bytes();
    out.extend(data);
    out.extend(b"\nendstream");
    out
}

/// One page: its entries, its content (object 4), and objects from 5 on.
fn page(entries: &str, content: &[u8], more: &[Vec<u8>]) -> Vec<u8> {
    let mut objects: Vec<Vec<u8>> = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>".to_vec(),
        format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R{entries}>>").into_bytes(),
        content.to_vec(),
    ];
    objects.extend(more.iter().cloned());
    pdf(&objects, "")
}

fn drawing(entries: &str, content: &str, more: &[Vec<u8>]) -> Vec<u8> {
    page(entries, &stream("", content.as_bytes()), more)
}

/// A page that shows image `I`, object 5.
fn image(entries: &str, data: &[u8]) -> Vec<u8> {
    let image = stream(&format!("/Type/XObject/Subtype/Image{entries}"), data);
    drawing("/Resources<</XObject<</I 5 0 R>>>>", "595 0 0 842 0 0 cm /I Do", &[image])
}

fn find(hay: &[u8], needle: &[u8]) -> usize {
    hay.windows(needle.len()).position(|w| w == needle).expect("it is there")
}

fn tree(pages: &str, more: &[&str]) -> Vec<u8> {
    let mut objects = vec![b"<</Type/Catalog/Pages 2 0 R>>".to_vec(), pages.as_bytes().to_vec()];
    objects.extend(more.iter().map(|m| m.as_bytes().to_vec()));
    pdf(&objects, "")
}

/// Forms of which each draws the next ten times.
fn laughs(levels: usize) -> Vec<u8> {
    let forms: Vec<Vec<u8>> = (0..levels)
        .map(|n| {
            let next =
                format!("/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</X {} 0 R>>>>", n + 6);
            if n + 1 < levels {
                stream(&next, "/X Do ".repeat(10).as_bytes())
            } else {
                stream("/Subtype/Form/BBox[0 0 9 9]", b"0 0 1 1 re f")
            }
        })
        .collect();
    drawing("/Resources<</XObject<</X 5 0 R>>>>", "/X Do", &forms)
}

fn many_pages(count: usize) -> Vec<u8> {
    let kids: String = (0..count).map(|n| format!("{} 0 R ", n + 3)).collect();
    let mut objects = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages/Count {count}/Kids[{kids}]>>").into_bytes(),
    ];
    objects.extend((0..count).map(|_| b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 60 80]>>".to_vec()));
    pdf(&objects, "")
}

fn structure(add: &mut impl FnMut(&str, Vec<u8>)) {
    add("kids-are-their-parent", tree("<</Type/Pages/Count 1/Kids[2 0 R]>>", &[]));
    add(
        "kids-in-a-ring",
        tree("<</Type/Pages/Count 9/Kids[3 0 R 3 0 R]>>", &["<</Type/Pages/Count 9/Kids[2 0 R 2 0 R 3 0 R]>>"]),
    );
    // A tree without loops, but with 2^40 leaves.
    let levels: Vec<String> =
        (0..40).map(|n| format!("<</Type/Pages/Count 2/Kids[{0} 0 R {0} 0 R]>>", n + 4)).collect();
    add(
        "a-tree-of-doubles",
        tree(
            "<</Type/Pages/Count 2/Kids[3 0 R]>>",
            &levels.iter().map(String::as_str).chain(["<</Type/Page/MediaBox[0 0 60 80]>>"]).collect::<Vec<_>>(),
        ),
    );
    add(
        "count-of-a-million",
        tree("<</Type/Pages/Count 1000000/Kids[3 0 R]>>", &["<</Type/Page/Parent 2 0 R/MediaBox[0 0 60 80]>>"]),
    );
    add(
        "count-below-0",
        tree("<</Type/Pages/Count -1/Kids[3 0 R]>>", &["<</Type/Page/Parent 2 0 R/MediaBox[0 0 60 80]>>"]),
    );
    add("catalog-is-itself", pdf(&[b"1 0 R".to_vec()], ""));
    add("five-thousand-pages", many_pages(5000));
    for (name, b) in [
        ("huge", "0 0 1000000000 1000000000"),
        ("empty", "0 0 0 0"),
        ("upside-down", "595 842 0 0"),
        ("flat", "0 0 100000 0.001"),
        ("not-numbers", "(a) /b <<>> []"),
    ] {
        add(
            &format!("box-{name}"),
            tree("<</Type/Pages/Count 1/Kids[3 0 R]>>", &[&format!("<</Type/Page/Parent 2 0 R/MediaBox[{b}]>>")]),
        );
    }
    let deep = |open: &str, close: &str, n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
    add("deep-arrays", tree(&format!("<</Type/Pages/Count 1/Kids {}>>", deep("[", "]", 100_000)), &[]));
    add(
        "deep-dictionaries",
        tree(
            &format!("<</Type/Pages/Count 1/Kids[3 0 R]/A {}>>", deep("<</A", ">>", 100_000)),
            &["<</Type/Page/MediaBox[0 0 60 80]>>"],
        ),
    );
    add("deep-content", drawing("", &format!("{} TJ", deep("[", "]", 200_000)), &[]));

    let whole = many_pages(1);
    let table = find(&whole, b"xref\n0 ");
    add("table-is-its-own-previous", {
        let catalog = [b"<</Type/Catalog/Pages 2 0 R>>".to_vec()];
        let at = find(&pdf(&catalog, ""), b"xref\n0 ");
        pdf(&catalog, &format!("/Prev {at}"))
    });
    add("table-elsewhere", pdf(&[b"<</Type/Catalog/Pages 2 0 R>>".to_vec()], "/Prev 99999999999/XRefStm 5"));
    add("length-is-itself", page("", b"<</Length 4 0 R>>stream\n0 0 1 1 re f\nendstream", &[]));
    add("object-stream-in-itself", {
        // Object 5 says that object 5 lies in it; the table is a stream too (ISO 32000-1, 7.5.7 and 7.5.8).
        let mut out = b"%PDF-1.7\n".to_vec();
        let at5 = out.len();
        out.extend(b"5 0 obj\n");
        out.extend(stream("/Type/ObjStm/N 2/First 10/Extends 5 0 R", b"1 0 5 20  <</Type/Catalog/Pages 5 0 R>> 5 0 R"));
        out.extend(b"\nendobj\n");
        let at6 = out.len();
        out.extend(b"6 0 obj\n");
        let rows = [
            [0, 0, 0, 0],
            [2, 0, 5, 0],
            [2, 0, 5, 1],
            [2, 0, 5, 2],
            [2, 0, 5, 3],
            [2, 0, 5, 1],
            [1, (at6 >> 8) as u8, at6 as u8, 0],
        ];
        out.extend(stream(
            &format!("/Type/XRef/Size 7/W[1 2 1]/Root 1 0 R/Prev {at6}/Unused {at5}"),
            rows.as_flattened(),
        ));
        out.extend(format!("\nendobj\nstartxref\n{at6}\n%%EOF\n").bytes());
        out
    });
    add("table-of-2-to-31", {
        let mut t = many_pages(1);
        let at = find(&t, b"xref\n0 ");
        t.splice(at + 7..at + 8, b"2147483647".iter().copied());
        t
    });
    add("table-stream-of-wide-fields", {
        let mut out = b"%PDF-1.7\n1 0 obj\n".to_vec();
        out.extend(stream(
            "/Type/XRef/Size 2147483647/W[2147483647 2147483647 2147483647]/Index[0 2147483647]/Root 1 0 R",
            &[1; 100],
        ));
        out.extend(b"\nendobj\nstartxref\n9\n%%EOF\n");
        out
    });
    let key = "00112233445566778899aabbccddeeff".repeat(2);
    for (name, how) in [
        ("encrypted", "/V 1/R 2"),
        ("encrypted-unknown", "/V 9/R 9"),
        ("encrypted-aes", "/V 5/R 6/Length 256/OE<00>/UE<00>/Perms<00>"),
    ] {
        let locked = format!("<</Filter/Standard{how}/P -44/O<{key}>/U<{key}>>>");
        add(
            name,
            pdf(
                &[
                    b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
                    b"<</Type/Pages/Count 1/Kids[3 0 R]>>".to_vec(),
                    b"<</Type/Page/MediaBox[0 0 60 80]>>".to_vec(),
                    locked.into_bytes(),
                ],
                "/Encrypt 4 0 R/ID[<00><00>]",
            ),
        );
    }
    add("junk-before", [noise(60_000, 11), whole.clone()].concat());
    add("no-end", whole[..whole.len() - 30].to_vec());
    add("no-table", whole[..table].to_vec());
    add("head-only", b"%PDF-1.7".to_vec());
    add("noise", [b"%PDF-1.7\n".as_slice(), &noise(300_000, 12)].concat());
    for (n, eighth) in (1..8).enumerate() {
        add(&format!("cut-{n}"), whole[..whole.len() * eighth / 8].to_vec());
    }
    add(
        "a-million-objects",
        [b"%PDF-1.7\n".to_vec(), b"1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj\n".repeat(200_000)].concat(),
    );
}

fn drawings(add: &mut impl FnMut(&str, Vec<u8>)) {
    let form =
        |more: &str, content: &[u8]| stream(&format!("/Type/XObject/Subtype/Form/BBox[0 0 595 842]{more}"), content);
    let x = "/Resources<</XObject<</X 5 0 R>>>>";
    add("form-draws-itself", drawing(x, "/X Do", &[form(x, b"/X Do /X Do")]));
    add("ten-to-the-ten-forms", laughs(10));
    add(
        "pattern-of-itself",
        drawing(
            "/Resources<</Pattern<</P 5 0 R>>>>",
            "/Pattern cs /P scn 0 0 595 842 re f",
            &[stream(
                "/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 9/YStep 9/Resources<</Pattern<</P 5 0 R>>>>",
                b"/Pattern cs /P scn 0 0 9 9 re f",
            )],
        ),
    );
    add(
        "pattern-of-tiny-steps",
        drawing(
            "/Resources<</Pattern<</P 5 0 R>>>>",
            "/Pattern cs /P scn 0 0 595 842 re f",
            &[stream(
                "/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 0.00001/YStep 0.00001/Resources<<>>",
                b"0 0 9 9 re f",
            )],
        ),
    );
    add("glyph-shows-itself", drawing("/Resources<</Font<</F 5 0 R>>>>", "BT /F 20 Tf 50 50 Td (aaaa) Tj ET", &[b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 97/LastChar 97/Widths[1000]/Encoding<</Differences[97/a]>>/CharProcs<</a 6 0 R>>/Resources<</Font<</F 5 0 R>>>>>>".to_vec(), stream("", b"1000 0 d0 BT /F 900 Tf (aa) Tj ET")]));
    add(
        "mask-of-itself",
        drawing(
            "/Resources<</ExtGState<</G 5 0 R>>/XObject<</X 6 0 R>>>>",
            "/G gs 0 0 500 500 re f",
            &[
                b"<</SMask<</S/Luminosity/G 6 0 R>>>>".to_vec(),
                form(
                    "/Group<</S/Transparency/CS/DeviceGray>>/Resources<</ExtGState<</G 5 0 R>>>>",
                    b"/G gs 0 0 500 500 re f",
                ),
            ],
        ),
    );
    add(
        "colours-of-themselves",
        drawing(
            "/Resources<</ColorSpace<</C 5 0 R>>>>",
            "/C cs 1 sc 0 0 500 500 re f",
            &[b"[/Indexed 5 0 R 255 <00>]".to_vec()],
        ),
    );
    add(
        "function-of-itself",
        drawing(
            "/Resources<</Shading<</S 5 0 R>>>>",
            "/S sh",
            &[
                b"<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 500 500]/Function 6 0 R>>".to_vec(),
                b"<</FunctionType 3/Domain[0 1]/Functions[6 0 R 6 0 R]/Bounds[.5]/Encode[0 1 0 1]>>".to_vec(),
            ],
        ),
    );
    add(
        "function-of-many-samples",
        drawing(
            "/Resources<</Shading<</S 5 0 R>>>>",
            "/S sh",
            &[
                b"<</ShadingType 1/ColorSpace/DeviceGray/Function 6 0 R>>".to_vec(),
                stream(
                    "/FunctionType 0/Domain[0 1 0 1]/Range[0 1]/Size[2000000000 2000000000]/BitsPerSample 32",
                    &[0; 100],
                ),
            ],
        ),
    );
    add("a-million-saves", drawing("", &"q ".repeat(1_000_000), &[]));
    add("a-million-clips", drawing("", &"0 0 500 500 re W n ".repeat(100_000), &[]));
    add("fine-dashes", drawing("", "[0.00001] 0 d 0.00001 w 0 0 m 595 842 l S", &[]));
    add(
        "numbers-without-end",
        drawing(
            "",
            "1e999 -1e999 m 99999999999999999999999999999999 0 l S nan inf re f 1e38 1e38 1e38 1e38 1e38 1e38 cm 0 0 1e38 1e38 re f",
            &[],
        ),
    );
    add("a-long-path", drawing("", &format!("0 0 m {} S", "500 800 l 3 7 l ".repeat(300_000)), &[]));
    add(
        "wide-strokes",
        drawing("", &format!("1000000 w 1 j 1 J {}", "0 0 m 500 800 100 900 400 300 c S ".repeat(2_000)), &[]),
    );
    add(
        "groups",
        drawing(x, &"/X Do ".repeat(3_000), &[form("/Group<</S/Transparency/I true>>", b"0 0 500 500 re f")]),
    );
    add(
        "content-again-and-again",
        page("", format!("[{}]", "5 0 R ".repeat(100_000)).as_bytes(), &[stream("", b"0 0 5 5 re f")]),
    );
    add("inline-image", drawing("", "BI /W 2000000000 /H 2000000000 /BPC 8 /CS /G ID xxxx EI", &[]));
    add(
        "text-of-a-million",
        drawing(
            "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>",
            &format!("BT /F 1 Tf {} ET", "(abcdefghij) Tj ".repeat(100_000)),
            &[],
        ),
    );
}

fn streams(add: &mut impl FnMut(&str, Vec<u8>)) {
    let gigabyte = gigabyte();
    add("content-bomb", page("", &stream("/Filter/FlateDecode", gigabyte), &[]));
    add("bomb-in-a-bomb", page("", &stream("/Filter[/FlateDecode/FlateDecode/FlateDecode]", gigabyte), &[]));
    add(
        "a-thousand-filters",
        page("", &stream(&format!("/Filter[{}]", "/ASCIIHexDecode".repeat(1000)), &b"30".repeat(100_000)), &[]),
    );
    add(
        "predictor",
        page(
            "",
            &stream(
                "/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 2147483647/Colors 32/BitsPerComponent 16>>",
                &zlib_zeros(1 << 20),
            ),
            &[],
        ),
    );
    add(
        "image-bomb",
        image(
            "/Width 7700/Height 7700/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/FlateDecode",
            &zlib_zeros(7700 * 7700 * 3),
        ),
    );
    add(
        "image-30000",
        image(
            "/Width 30000/Height 30000/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/FlateDecode",
            &zlib_zeros(30_000 * 30_000 / 8),
        ),
    );
    add(
        "image-without-data",
        image("/Width 2147483647/Height 2147483647/BitsPerComponent 16/ColorSpace/DeviceCMYK", b""),
    );
    add(
        "image-mask-of-itself",
        image("/Width 100/Height 100/BitsPerComponent 8/ColorSpace/DeviceGray/SMask 5 0 R", &[0; 10_000]),
    );
    let dirt = noise(50_000, 13);
    for (name, filter) in [
        ("jbig2", "/JBIG2Decode"),
        ("jpx", "/JPXDecode"),
        ("dct", "/DCTDecode"),
        ("fax", "/CCITTFaxDecode/DecodeParms<</K -1/Columns 2147483647/Rows 2147483647>>"),
        ("fax-wide", "/CCITTFaxDecode/DecodeParms<</K 0/Columns 1728/Rows 0>>"),
        ("lzw", "/LZWDecode"),
        ("runs", "/RunLengthDecode"),
        ("ascii85", "/ASCII85Decode"),
        ("unknown", "/NoSuchDecode"),
    ] {
        add(
            &format!("noise-as-{name}"),
            image(&format!("/Width 1728/Height 2200/BitsPerComponent 1/ColorSpace/DeviceGray/Filter{filter}"), &dirt),
        );
    }
    // JBIG2: a page of 2^32 by 2^32 and a symbol dictionary (T.88, 7.2).
    let jbig2 = [
        b"\0\0\0\0\x30\0\x01\0\0\0\x13".as_slice(),
        &[0xFF; 8],
        &[0; 11],
        b"\0\0\0\x01\0\0\x01\xff\xff\xff\xff",
        &dirt,
    ]
    .concat();
    add(
        "jbig2-giant",
        image("/Width 1728/Height 2200/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode", &jbig2),
    );
    // JPEG 2000: SIZ of 2^31 by 2^31 with tiles of one pixel (T.800, A.5.1).
    let mut siz = b"\xFF\x4F\xFF\x51\0\x29\0\0".to_vec();
    for v in [i32::MAX, i32::MAX, 0, 0, 1, 1, 0, 0] {
        siz.extend(v.to_be_bytes());
    }
    siz.extend([0, 1, 7, 1, 1]);
    siz.extend(&dirt);
    add("jpx-giant", image("/Width 1728/Height 2200/Filter/JPXDecode", &siz));
}

pub fn files() -> Vec<File> {
    let mut all: Vec<File> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| all.push((format!("pdf-{name}.pdf"), bytes));
    structure(&mut add);
    drawings(&mut add);
    streams(&mut add);
    all
}
