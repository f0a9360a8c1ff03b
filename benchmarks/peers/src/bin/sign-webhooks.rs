//! Makes signed webhooks as Wix sends them, one a line and each line of the same length, and the public key for them.
//!
//! An event is an update of a contact, from Wix's documentation. It goes in text in text in text, as in a webhook of Wix.
//! Line `n` is about contact `n % entities`, and contact `e` belongs to instance `e % instances`.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::thread;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use backlot_benchmark_peers::{Arguments, Failure, unix_seconds};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// How long Wix's webhooks are valid.
const LIFETIME_SECONDS: u64 = 3_600_000;
/// The first sequence of an entity. All have as many digits.
const FIRST_SEQUENCE: usize = 100_000;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read()?;
    let directory: PathBuf = arguments.get("directory")?;
    let count: usize = arguments.get("count")?;
    let (entities, instances): (usize, usize) =
        (arguments.get("entities")?, arguments.get("instances")?);
    let key = RsaKeyPair::generate(KeySize::Rsa2048)?;
    write_public_key(&key, &directory.join("public-key.pem"))?;
    let world = World {
        key,
        entities: uuids(entities),
        instances: uuids(instances),
        issued_at: unix_seconds()?,
    };
    let threads = thread::available_parallelism()?.get();
    let mut file = BufWriter::new(File::create(directory.join("bodies.txt"))?);
    // Each thread makes every so-and-so-many-th block, so that all end at the same time.
    for start in (0..count).step_by(threads * BLOCK) {
        let blocks = thread::scope(|scope| {
            let begun: Vec<_> = (0..threads)
                .map(|thread| start + thread * BLOCK)
                .map(|first| first.min(count)..(first + BLOCK).min(count))
                .map(|numbers| scope.spawn(|| world.lines(numbers)))
                .collect();
            let ended = begun.into_iter().map(thread::ScopedJoinHandle::join);
            ended.collect::<Result<Vec<_>, _>>()
        });
        for block in blocks.map_err(|_| "a thread panicked")? {
            file.write_all(&block?)?;
        }
    }
    Ok(file.flush()?)
}

/// Lines that a thread makes in a row.
const BLOCK: usize = 1000;

/// The key, and those whom events are about.
struct World {
    key: RsaKeyPair,
    entities: Vec<String>,
    instances: Vec<String>,
    issued_at: u64,
}

impl World {
    fn lines(&self, numbers: std::ops::Range<usize>) -> Result<Vec<u8>, Failure> {
        let mut lines = Vec::new();
        for number in numbers {
            lines.extend_from_slice(self.token(number)?.as_bytes());
            lines.push(b'\n');
        }
        Ok(lines)
    }

    fn token(&self, number: usize) -> Result<String, Failure> {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"N62k2Vt_"}"#);
        let claims = URL_SAFE_NO_PAD.encode(self.claims(number).to_string());
        let signed = format!("{header}.{claims}");
        let mut signature = vec![0; self.key.public_modulus_len()];
        let random = SystemRandom::new();
        self.key.sign(
            &RSA_PKCS1_SHA256,
            &random,
            signed.as_bytes(),
            &mut signature,
        )?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn claims(&self, number: usize) -> Value {
        let entity = number % self.entities.len();
        let instance_id = &self.instances[entity % self.instances.len()];
        let sequence = FIRST_SEQUENCE + number / self.entities.len();
        let event = json!({
            "id": uuid(),
            "entityFqdn": "wix.contacts.v4.contact",
            "slug": "updated",
            "entityId": self.entities[entity],
            "entityEventSequence": sequence.to_string(),
            "eventTime": "2026-11-30T12:00:00.123456Z",
            "triggeredByAnonymizeRequest": false,
            "updatedEvent": { "currentEntityAsJson": contact(&self.entities[entity]).to_string() },
        });
        let envelope = json!({
            "data": event.to_string(),
            "instanceId": instance_id,
            "eventType": "wix.contacts.v4.contact_updated",
            "identity": json!({ "identityType": "WIX_USER", "wixUserId": instance_id }).to_string(),
            "accountInfo": { "accountId": instance_id, "siteId": instance_id },
        });
        json!({
            "data": envelope.to_string(),
            "iat": self.issued_at,
            "exp": self.issued_at + LIFETIME_SECONDS,
        })
    }
}

fn contact(id: &str) -> Value {
    json!({
        "id": id,
        "revision": 1,
        "source": { "sourceType": "WIX_APP", "appId": "74bff718-5977-47f2-9e5f-a9fd0047fd1f" },
        "createdDate": "2020-10-18T13:40:57.803Z",
        "updatedDate": "2020-10-18T13:42:11.254Z",
        "lastActivity": { "activityDate": "2020-10-18T13:40:57.803Z", "activityType": "CONTACT_CREATED" },
        "primaryInfo": { "email": "johndoe@example.com" },
        "info": {
            "name": { "first": "John", "last": "Doe" },
            "emails": {
                "items": [{
                    "id": "95606596-4006-4945-811d-61ba1fca629d",
                    "email": "johndoe@example.com",
                    "primary": true,
                }],
            },
            "company": "Example",
            "jobTitle": "Clerk",
            "extendedFields": {
                "items": {
                    "emailSubscriptions.effectiveEmail": "johndoe@example.com",
                    "emailSubscriptions.subscriptionStatus": "NOT_SET",
                    "contacts.displayByFirstName": "John Doe",
                    "contacts.displayByLastName": "Doe John",
                },
            },
        },
    })
}

fn write_public_key(key: &RsaKeyPair, path: &Path) -> Result<(), Failure> {
    let der = key.public_key().as_der()?;
    let text = STANDARD.encode(der.as_ref());
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(str::from_utf8(line)?);
        pem.push('\n');
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    Ok(std::fs::write(path, pem)?)
}

fn uuids(count: usize) -> Vec<String> {
    (0..count).map(|_| uuid()).collect()
}

fn uuid() -> String {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes())
        .into_uuid()
        .to_string()
}
