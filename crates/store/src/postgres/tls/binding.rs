//! `tls-server-end-point` (RFC 5929): a hash of the server's certificate. A password that is proven together with
//! it is proven to this server, and to no proxy in between.
//!
//! Which hash it is, the certificate says: the one that it is signed with, or SHA-256 where that is an old one.
//! Signatures without a hash function have no binding.

use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

const SEQUENCE: u8 = 0x30;
const OBJECT: u8 = 0x06;

/// What a password is bound to.
pub(super) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let hash = hash_of(signature_algorithm(certificate)?)?;
    Some(digest(hash, certificate).as_ref().to_vec())
}

/// The name of the algorithm that a certificate is signed with: the second part of it begins so.
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let (content, _) = element(certificate, SEQUENCE)?;
    let (_, after_the_signed_part) = element(content, SEQUENCE)?;
    let (algorithm, _) = element(after_the_signed_part, SEQUENCE)?;
    Some(element(algorithm, OBJECT)?.0)
}

/// The content of a DER element of this kind, and what follows it.
fn element(bytes: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = bytes.split_first_chunk()?;
    if found != kind {
        return None;
    }
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        // So many bytes say the length; four are more than any certificate has.
        let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        let length = digits
            .iter()
            .fold(0, |sum, digit| sum << 8 | usize::from(*digit));
        (length, rest)
    };
    rest.split_at_checked(length)
}

fn hash_of(algorithm: &[u8]) -> Option<&'static Algorithm> {
    // RSA with MD5, SHA-1 and SHA-2, and ECDSA with SHA-1 and SHA-2.
    match algorithm {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, number] => match number {
            4 | 5 | 11 => Some(&SHA256),
            12 => Some(&SHA384),
            13 => Some(&SHA512),
            _ => None,
        },
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1] => Some(&SHA256),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, number] => match number {
            2 => Some(&SHA256),
            3 => Some(&SHA384),
            4 => Some(&SHA512),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `SEQUENCE { SEQUENCE {}, SEQUENCE { OBJECT algorithm } }`
    fn certificate(algorithm: &[u8]) -> Vec<u8> {
        let wrap = |kind, content: &[u8]| {
            let length = u8::try_from(content.len()).unwrap();
            [&[kind, 0x81, length], content].concat()
        };
        let algorithm = wrap(SEQUENCE, &wrap(OBJECT, algorithm));
        wrap(SEQUENCE, &[wrap(SEQUENCE, &[]), algorithm].concat())
    }

    #[test]
    fn the_hash_is_the_one_of_the_signature() {
        let rsa = |number| certificate(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, number]);
        let ecdsa = |number| certificate(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, number]);
        for (certificate, length) in [
            (rsa(5), 32),
            (rsa(11), 32),
            (rsa(12), 48),
            (rsa(13), 64),
            (ecdsa(2), 32),
            (ecdsa(3), 48),
            (ecdsa(4), 64),
        ] {
            assert_eq!(end_point(&certificate).unwrap().len(), length);
        }
        // RSA-PSS and Ed25519.
        assert_eq!(end_point(&rsa(10)), None);
        assert_eq!(end_point(&certificate(&[0x2b, 0x65, 0x70])), None);
    }

    #[test]
    fn what_is_no_certificate_has_no_binding() {
        let whole = certificate(&[0x2b, 0x65, 0x70]);
        for end in 0..whole.len() {
            assert_eq!(end_point(&whole[..end]), None);
        }
        for bytes in [
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..],
            &[0x30, 0xff],
            &[0x31, 0],
        ] {
            assert_eq!(end_point(bytes), None);
        }
    }
}
