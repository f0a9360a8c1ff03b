//! The web origins of the sites that have the app: which pages may read what this server answers, and
//! to which instance each belongs. All of it is in memory, so that a preflight waits for nothing.

use std::collections::HashMap;

use backlot_wix::InstanceId;
use parking_lot::RwLock;

use crate::id_hasher::InstanceHash;

/// Origins by instance and instances by origin. On Wix's free domains several sites of one person
/// share an origin.
#[derive(Default)]
pub struct SiteOrigins(RwLock<Tables>);

#[derive(Default)]
struct Tables {
    by_instance: HashMap<InstanceId, Option<Box<str>>, InstanceHash>,
    by_origin: HashMap<Box<str>, Vec<InstanceId>>,
}

impl SiteOrigins {
    /// The origin of an instance's site from now on; `None` for a site without one.
    pub fn set(&self, instance_id: InstanceId, origin: Option<String>) {
        let mut tables = self.0.write();
        let origin: Option<Box<str>> = origin.map(Into::into);
        if tables.by_instance.get(&instance_id) == Some(&origin) {
            return;
        }
        tables.remove(instance_id);
        if let Some(origin) = &origin {
            let instances = tables.by_origin.entry(origin.clone()).or_default();
            instances.push(instance_id);
        }
        tables.by_instance.insert(instance_id, origin);
    }

    /// The instance's site is no longer allowed.
    pub fn remove(&self, instance_id: InstanceId) {
        self.0.write().remove(instance_id);
    }

    /// Whether it is an origin of any site.
    pub fn contains(&self, origin: &str) -> bool {
        self.0.read().by_origin.contains_key(origin)
    }

    /// Whether it is the origin of this instance's site.
    pub fn is_of(&self, origin: &str, instance_id: InstanceId) -> bool {
        let tables = self.0.read();
        let own = tables.by_instance.get(&instance_id);
        own.is_some_and(|own| own.as_deref() == Some(origin))
    }

    /// Whether anything is known of the instance's site.
    pub fn knows(&self, instance_id: InstanceId) -> bool {
        self.0.read().by_instance.contains_key(&instance_id)
    }
}

impl Tables {
    fn remove(&mut self, instance_id: InstanceId) {
        let Some(Some(origin)) = self.by_instance.remove(&instance_id) else {
            return;
        };
        if let Some(instances) = self.by_origin.get_mut(&origin) {
            instances.retain(|id| *id != instance_id);
            if instances.is_empty() {
                self.by_origin.remove(&origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_lasts_as_long_as_one_of_its_sites() {
        let id = |last: u8| -> InstanceId {
            format!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e{last:02x}")
                .parse()
                .unwrap()
        };
        let shared = || Some("https://me.wixsite.com".to_owned());
        let origins = SiteOrigins::default();
        origins.set(id(1), shared());
        origins.set(id(2), shared());
        origins.set(id(2), shared());
        origins.set(id(3), None);
        assert!(origins.contains("https://me.wixsite.com"));
        assert!(origins.is_of("https://me.wixsite.com", id(1)));
        assert!(!origins.is_of("https://me.wixsite.com", id(3)));
        assert!(origins.knows(id(3)) && !origins.knows(id(4)));

        origins.set(id(1), Some("https://own.example".to_owned()));
        assert!(
            origins.contains("https://me.wixsite.com"),
            "2 is still there"
        );
        origins.remove(id(2));
        assert!(!origins.contains("https://me.wixsite.com"));
        assert!(!origins.is_of("https://me.wixsite.com", id(1)));
        assert!(origins.is_of("https://own.example", id(1)));
    }
}
