//! The fuzz targets on stable: every input of the corpus, and a fixed number of mutations of each.

use std::path::Path;

#[path = "../../../../fuzz/targets/access_token.rs"]
mod access_token;
#[path = "../../../../fuzz/targets/call_pattern.rs"]
mod call_pattern;
#[path = "../../../../fuzz/targets/data_cursor.rs"]
mod data_cursor;
#[path = "../../../../fuzz/targets/data_filter.rs"]
mod data_filter;
#[path = "../../../../fuzz/targets/data_item.rs"]
mod data_item;
#[path = "../../../../fuzz/targets/data_pipeline.rs"]
mod data_pipeline;
#[path = "../../../../fuzz/targets/decoded_reply.rs"]
mod decoded_reply;
#[path = "../../../../fuzz/targets/origin.rs"]
mod origin;
#[path = "../../../../fuzz/targets/redacted_reply.rs"]
mod redacted_reply;
#[path = "../../../../fuzz/targets/signed_instance.rs"]
mod signed_instance;
#[path = "../../../../fuzz/targets/webhook_envelope.rs"]
mod webhook_envelope;

const MUTATIONS: u64 = 300;

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let input = std::fs::read(entry.unwrap().path()).unwrap();
        run(&input);
        for seed in 0..MUTATIONS {
            run(&mutate(&input, seed));
        }
        inputs += 1;
    }
    assert!(inputs > 5, "the corpus of {target} is gone");
}

/// A few bytes changed, added or taken away, the same ones for the same seed.
fn mutate(input: &[u8], seed: u64) -> Vec<u8> {
    const SPECIAL: &[u8] = b".=-_/:@[]*\\\"{}\0 \xffAa0";
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bytes = input.to_vec();
    for _ in 0..random.usize(1..6) {
        let at = random.usize(0..=bytes.len());
        let byte = SPECIAL[random.usize(0..SPECIAL.len())];
        match random.u8(0..4) {
            0 => bytes.insert(at, byte),
            1 => bytes.truncate(at),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ if at < bytes.len() => bytes[at] = byte,
            _ => bytes.push(byte),
        }
    }
    bytes
}

#[test]
fn signed_instances() {
    replay("signed_instance", signed_instance::run);
}

#[test]
fn origins() {
    replay("origin", origin::run);
}

#[test]
fn access_tokens() {
    replay("access_token", access_token::run);
}

#[test]
fn call_patterns() {
    replay("call_pattern", call_pattern::run);
}

#[test]
fn decoded_replies() {
    replay("decoded_reply", decoded_reply::run);
}

#[test]
fn redacted_replies() {
    replay("redacted_reply", redacted_reply::run);
}

#[test]
fn data_filters() {
    replay("data_filter", data_filter::run);
}

#[test]
fn data_pipelines() {
    replay("data_pipeline", data_pipeline::run);
}

#[test]
fn data_cursors() {
    replay("data_cursor", data_cursor::run);
}

#[test]
fn data_items() {
    replay("data_item", data_item::run);
}

#[test]
fn webhook_envelopes() {
    replay("webhook_envelope", webhook_envelope::run);
}
