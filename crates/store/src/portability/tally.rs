//! What records amount to: counts, and a checksum of all of them.

use super::{Checksum, NotImported, Record};

/// What an export holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// Collections.
    pub collections: u64,
    /// Items.
    pub items: u64,
    /// Links between entities of two systems.
    pub links: u64,
    /// Over all of them: permissions, fields, indexes and references, too.
    pub checksum: Checksum,
}

/// Adds up records in their order, and compares them with what their end says.
#[derive(Debug, Default)]
pub(super) struct Tally {
    version: Option<u32>,
    held: Exported,
    /// Over everything else: the header, when the instance was seen, what Wix said of it.
    others: Checksum,
    ended: bool,
}

impl Tally {
    /// What has been added up.
    pub(super) const fn held(&self) -> Exported {
        self.held
    }

    /// The checksum of what is no data; none in version 1.
    fn others(&self) -> String {
        match self.version {
            Some(1) => String::new(),
            _ => self.others.to_string(),
        }
    }

    /// The record that ends what has been added.
    pub(super) fn end(&self) -> Record {
        Record::End {
            collections: self.held.collections,
            items: self.held.items,
            links: self.held.links,
            checksum: self.held.checksum.to_string(),
            others: self.others(),
        }
    }

    /// Adds a record; the last one is compared.
    pub(super) fn add(&mut self, record: &Record) -> Result<(), NotImported> {
        if self.ended {
            return Err(NotImported::Disorder("something follows the end"));
        }
        let is_old = match (record, self.version) {
            (Record::Header { .. }, Some(_)) => {
                return Err(NotImported::Disorder("it has two headers"));
            }
            (Record::Header { version, .. }, None) => {
                if !(1..=Record::VERSION).contains(version) {
                    return Err(NotImported::Version(*version));
                }
                self.version = Some(*version);
                *version == 1
            }
            (_, None) => return Err(NotImported::Disorder("it has no header")),
            (_, Some(version)) => version == 1,
        };
        match record {
            Record::Header { .. } | Record::Instance { .. } | Record::Details { .. } => {
                if !is_old {
                    self.others.other(record);
                }
            }
            Record::Collection {
                declared,
                definition,
            } => {
                self.held.collections += 1;
                let checksum = &mut self.held.checksum;
                if is_old {
                    checksum.collection_of_version_1(&definition.id);
                } else {
                    checksum.collection(*declared, definition);
                }
            }
            Record::Item {
                collection,
                data,
                links,
            } => {
                self.held.items += 1;
                let checksum = &mut self.held.checksum;
                if is_old {
                    checksum.item_of_version_1(collection, data, links);
                } else {
                    checksum.item(collection, data, links);
                }
            }
            Record::EntityLink { .. } => {
                self.held.links += 1;
                self.held.checksum.other(record);
            }
            Record::End {
                collections,
                items,
                links,
                checksum,
                others,
            } => {
                self.ended = true;
                return self.compare([*collections, *items, *links], checksum, others);
            }
        }
        Ok(())
    }

    /// Whether the end has come; an export that was broken off has none.
    pub(super) const fn finish(&self) -> Result<Exported, NotImported> {
        match (self.version, self.ended) {
            (_, true) => Ok(self.held),
            (None, false) => Err(NotImported::Disorder("it has no header")),
            (Some(_), false) => Err(NotImported::Disorder("it has no end, so it was broken off")),
        }
    }

    fn compare(&self, counts: [u64; 3], checksum: &str, others: &str) -> Result<(), NotImported> {
        let said = words(counts, &[checksum, others]);
        let (checksum, others) = (self.held.checksum.to_string(), self.others());
        let counts = [self.held.collections, self.held.items, self.held.links];
        let held = words(counts, &[&checksum, &others]);
        if said == held {
            Ok(())
        } else {
            Err(NotImported::Damaged { said, held })
        }
    }
}

fn words(counts: [u64; 3], checksums: &[&str]) -> String {
    let counted = |(count, word): (u64, &str)| match count {
        1 => format!("1 {word}, "),
        _ => format!("{count} {word}s, "),
    };
    let counts = counts.into_iter().zip(["collection", "item", "link"]);
    let counts: String = counts.map(counted).collect();
    format!("{counts}checksum {}", checksums.join(" "))
}
