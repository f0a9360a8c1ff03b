use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use futures_util::stream::iter;
use http_body_util::{BodyExt as _, StreamBody};
use proptest::prelude::*;

use http::Response;

use super::*;

const LIMITS: DecodeLimits = DecodeLimits {
    bytes: 8 * 1024 * 1024,
    ratio: 500,
};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn bare(plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn br(plain: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    encoder.write_all(plain).unwrap();
    encoder.into_inner()
}

type Encode = fn(&[u8]) -> Vec<u8>;
const ENCODINGS: [(&str, Encode); 4] = [
    ("gzip", gzip),
    ("deflate", zlib),
    ("deflate", bare),
    ("br", br),
];

fn encodings(names: &str) -> Encodings {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, names.parse().unwrap());
    Encodings::from_headers(&headers).unwrap()
}

/// A body of these pieces, made as they are asked for.
fn coming<'pieces>(
    names: &str,
    pieces: impl Iterator<Item = Bytes> + Unpin + 'pieces,
) -> DecodedBody<impl Body<Data = Bytes, Error = DecodeError> + Unpin + 'pieces> {
    let frames = pieces.map(|piece| Ok(Frame::data(piece)));
    DecodedBody::new(StreamBody::new(iter(frames)), &encodings(names), LIMITS)
}

async fn decode(names: &str, encoded: &[u8], piece: usize) -> Result<Bytes, DecodeError> {
    let pieces = encoded.chunks(piece.max(1)).map(Bytes::copy_from_slice);
    Ok(coming(names, pieces).collect().await?.to_bytes())
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

#[tokio::test]
async fn every_encoding_comes_off_however_it_arrives() {
    let text = "The quick brown fox. ".repeat(5000);
    for (name, encode) in ENCODINGS {
        for plain in [text.as_bytes(), b"x", b""] {
            let encoded = encode(plain);
            for piece in [1, 7, 100_000] {
                let decoded = decode(name, &encoded, piece).await.unwrap();
                assert!(decoded == plain, "{name} by {piece}");
            }
        }
    }
    let members = [gzip(b"one, "), gzip(b""), gzip(b"two")].concat();
    assert_eq!(decode("gzip", &members, 3).await.unwrap(), "one, two");
}

#[tokio::test]
async fn one_encoding_over_the_other() {
    let text = "The quick brown fox. ".repeat(500);
    for (inner, encode_inner) in ENCODINGS {
        for (outer, encode_outer) in ENCODINGS {
            let encoded = encode_outer(&encode_inner(text.as_bytes()));
            let names = format!("{inner}, {outer}");
            let decoded = decode(&names, &encoded, 11).await.unwrap();
            assert!(decoded == text.as_bytes(), "{names}");
        }
    }
}

#[tokio::test]
async fn a_body_that_ends_early_or_late_is_no_body() {
    let text = "The quick brown fox. ".repeat(50);
    for (name, encode) in ENCODINGS {
        let encoded = encode(text.as_bytes());
        for cut in 1..encoded.len() {
            for piece in [1, 1000] {
                let outcome = decode(name, &encoded[..cut], piece).await;
                assert_eq!(outcome, Err(DecodeError::CutOff), "{name} at {cut}");
            }
        }
        let late = [&encoded[..], b"!"].concat();
        for piece in [1, 1000] {
            assert!(decode(name, &late, piece).await.is_err(), "{name}");
        }
        assert_eq!(decode(name, b"", 1).await.unwrap(), "", "{name}");
    }
    let nested = br(&gzip(text.as_bytes())[..40]);
    let outcome = decode("gzip, br", &nested, 9).await;
    assert_eq!(outcome, Err(DecodeError::CutOff));
    for name in ["gzip", "deflate", "br"] {
        assert!(decode(name, b"\xff\xfe plain text", 5).await.is_err());
    }
    let mut wrong_sum = gzip(text.as_bytes());
    let place = wrong_sum.len() - 6;
    wrong_sum[place] ^= 1;
    let outcome = decode("gzip", &wrong_sum, 1000).await;
    assert_eq!(outcome, Err(DecodeError::Broken("gzip")));
}

/// What an encoder writes for each of many pieces of zeros, the first aside.
fn repeated<W: std::io::Write>(
    mut encoder: W,
    written: impl Fn(&W) -> Vec<u8>,
    zeros: usize,
) -> (Bytes, Bytes) {
    let zeros = vec![0; zeros];
    let mut lengths = Vec::new();
    for _ in 0..3 {
        encoder.write_all(&zeros).unwrap();
        encoder.flush().unwrap();
        lengths.push(written(&encoder).len());
    }
    let all = Bytes::from(written(&encoder));
    let [first, second, third] = lengths[..] else {
        panic!("three pieces")
    };
    assert_eq!(all[first..second], all[second..third]);
    (all.slice(..first), all.slice(first..second))
}

/// Reads as far as it goes: how many plain bytes came, in pieces of what size, and the fault.
async fn read_bomb(names: &str, first: Bytes, again: Bytes) -> (u64, usize, DecodeError) {
    const PIECES: usize = 10_000;
    let pieces = std::iter::once(first).chain(std::iter::repeat_n(again, PIECES));
    let mut body = coming(names, pieces);
    let (mut plain, mut largest) = (0, 0);
    loop {
        match body.frame().await.unwrap() {
            Ok(frame) => {
                let length = frame.data_ref().unwrap().len();
                plain += length as u64;
                largest = largest.max(length);
            }
            Err(fault) => {
                assert!(body.frame().await.is_none());
                return (plain, largest, fault);
            }
        }
    }
}

#[tokio::test]
async fn a_bomb_goes_off_within_the_cap() {
    const MIB: usize = 1024 * 1024;
    // Ten gigabytes of zeros, if somebody went on reading.
    let encoder = GzEncoder::new(Vec::new(), Compression::default());
    let (first, again) = repeated(encoder, |it| it.get_ref().clone(), MIB);
    let (plain, largest, fault) = read_bomb("gzip", first.clone(), again.clone()).await;
    assert_eq!(fault, DecodeError::Bomb(500));
    assert!(plain <= 2 * MIB as u64 && largest <= 32 * 1024);

    let encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    let (first_br, again_br) = repeated(encoder, |it| it.get_ref().clone(), MIB);
    let (plain, largest, fault) = read_bomb("br", first_br, again_br).await;
    assert_eq!(fault, DecodeError::Bomb(500));
    assert!(plain <= 2 * MIB as u64 && largest <= 32 * 1024);

    // One inside of the other, which makes a million of each byte.
    let nested = br(&[&first[..], &again.repeat(10_000)].concat());
    let (plain, _, fault) = read_bomb("gzip, br", nested.into(), Bytes::new()).await;
    assert_eq!(fault, DecodeError::Bomb(500));
    assert!(plain <= 2 * MIB as u64);

    // One that keeps below the ratio ends at the cap.
    let mut random = fastrand::Rng::with_seed(1);
    let noise: Vec<u8> = (0..MIB).map(|_| random.u8(..4)).collect();
    let large = gzip(&noise.repeat(9));
    let outcome = decode("gzip", &large, 10_000).await;
    assert_eq!(outcome, Err(DecodeError::TooLarge(LIMITS.bytes)));
}

#[tokio::test]
async fn each_event_passes_when_it_arrives() {
    let events = ["data: one\n\n", "data: two\n\n", "data: three\n\n"];
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    let mut pieces: [Vec<Bytes>; 3] = Default::default();
    for event in events {
        gzip.write_all(event.as_bytes()).unwrap();
        gzip.flush().unwrap();
        pieces[0].push(std::mem::take(gzip.get_mut()).into());
        zlib.write_all(event.as_bytes()).unwrap();
        zlib.flush().unwrap();
        pieces[1].push(std::mem::take(zlib.get_mut()).into());
        brotli.write_all(event.as_bytes()).unwrap();
        brotli.flush().unwrap();
        pieces[2].push(std::mem::take(brotli.get_mut()).into());
    }
    for (name, pieces) in ["gzip", "deflate", "br"].into_iter().zip(pieces) {
        // Nothing comes after them, and no end either.
        let mut body = coming(name, pieces.into_iter());
        for event in events {
            let frame = body.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), event, "{name}");
        }
        assert_eq!(body.frame().await.unwrap().err(), Some(DecodeError::CutOff));
    }
}

#[tokio::test]
async fn a_body_that_has_begun_decodes_from_its_first_byte() {
    let text = "The quick brown fox. ".repeat(500);
    for (name, encode) in ENCODINGS {
        let encoded = encode(text.as_bytes());
        for wrong in [&b"this is none"[..], &encoded[..1]] {
            let mut body = coming(name, wrong.chunks(1).map(Bytes::copy_from_slice));
            assert!(body.begin(1).await.is_err(), "{name}: {wrong:?}");
            assert!(body.is_end_stream() && body.frame().await.is_none());
        }
        for bytes in [1, 100, text.len(), text.len() * 2] {
            let mut body = coming(name, encoded.chunks(3).map(Bytes::copy_from_slice));
            body.begin(bytes).await.unwrap();
            assert!(!body.is_end_stream(), "{name}");
            assert_eq!(body.collect().await.unwrap().to_bytes(), text, "{name}");
        }
        // All of it is waited for, so its end is known, too.
        let cut = &encoded[..encoded.len() - 1];
        let mut body = coming(name, cut.chunks(3).map(Bytes::copy_from_slice));
        assert!(body.begin(text.len() * 2).await.is_err(), "{name}");

        let mut short = coming(name, std::iter::once(Bytes::from(encode(b"x"))));
        short.begin(1).await.unwrap();
        assert!(!short.is_end_stream());
        assert_eq!(short.collect().await.unwrap().to_bytes(), "x", "{name}");

        let mut empty = coming(name, std::iter::empty());
        empty.begin(1).await.unwrap();
        assert!(empty.is_end_stream());
        assert!(empty.frame().await.is_none());
    }
    // A plain one may never send a byte: nothing is asked of it.
    let never = StreamBody::new(futures_util::stream::pending::<
        Result<Frame<Bytes>, DecodeError>,
    >());
    let mut plain = DecodedBody::new(never, &Encodings::default(), LIMITS);
    plain.begin(1).await.unwrap();
}

fn plain<B: Body<Data = Bytes> + Unpin>(response: Response<B>) -> Response<DecodedBody<B>> {
    let (mut head, body) = response.into_parts();
    let encodings = take_encodings(&mut head.headers).unwrap();
    Response::from_parts(head, DecodedBody::new(body, &encodings, LIMITS))
}

#[tokio::test]
async fn what_is_not_encoded_passes_untouched() {
    let piece = Bytes::from_static(b"plain");
    let response = Response::builder()
        .header(CONTENT_ENCODING, "identity")
        .header(CONTENT_LENGTH, 5)
        .body(StreamBody::new(iter([Ok::<_, DecodeError>(Frame::data(
            piece.clone(),
        ))])));
    let mut response = plain(response.unwrap());
    assert_eq!(response.headers()[CONTENT_LENGTH], "5");
    let passed = response.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(passed.into_data().unwrap().as_ptr(), piece.as_ptr());
}

#[tokio::test]
async fn trailers_come_after_the_plain_bytes_and_the_headers_tell_the_truth() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "1".parse().unwrap());
    let encoded = gzip(b"plain");
    let response = Response::builder()
        .header(CONTENT_ENCODING, "gzip")
        .header(CONTENT_LENGTH, encoded.len())
        .body(StreamBody::new(iter([
            Ok::<_, DecodeError>(Frame::data(encoded.into())),
            Ok(Frame::trailers(trailers)),
        ])));
    let response = plain(response.unwrap());
    assert!(response.headers().is_empty());
    let whole = response.into_body().collect().await.unwrap();
    assert_eq!(whole.trailers().unwrap()["x-sum"], "1");
    assert_eq!(whole.to_bytes(), "plain");
}

proptest! {
    #[test]
    fn any_bytes_come_through(
        plain in prop::collection::vec(any::<u8>(), 0..3000),
        piece in 1_usize..200,
        which in 0_usize..4,
    ) {
        let (name, encode) = ENCODINGS[which];
        let decoded = run(decode(name, &encode(&plain), piece)).unwrap();
        prop_assert_eq!(&decoded[..], &plain[..]);
    }

    /// Whatever it is: an end, and no panic.
    #[test]
    fn any_bytes_end(
        encoded in prop::collection::vec(any::<u8>(), 0..300),
        piece in 1_usize..50,
        names in prop::sample::select(vec!["gzip", "deflate", "br", "gzip, br", "br, deflate"]),
    ) {
        let _ = run(decode(names, &encoded, piece));
    }

    /// The same of what is nearly right.
    #[test]
    fn broken_bytes_end(
        plain in "[a-d]{0,300}",
        place in any::<usize>(),
        bits in 1_u8..,
        which in 0_usize..4,
    ) {
        let (name, encode) = ENCODINGS[which];
        let mut encoded = encode(plain.as_bytes());
        let place = place % encoded.len();
        encoded[place] ^= bits;
        let _ = run(decode(name, &encoded, 40));
    }
}
