//! The world of these tests: one app, a bakery with a plan and a studio without.

use backlot_simulator::world::{App, Site, World};

pub const APP: &str = "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c";
pub const SECRET: &str = "d245bbf8-57eb-49d6-aeff-beff6d82cd39";
pub const BAKERY: &str = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60";
pub const STUDIO: &str = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e61";
pub const NOWHERE: &str = "00000000-4c1f-4a52-9d3e-0c5f8a1b7e60";
pub const BAKERY_SITE: &str = "c0ffee00-1111-4222-8333-444455556666";
pub const OWNER: &str = "5d0f6a8c-1b2e-4c3d-9e4f-a0b1c2d3e4f5";
pub const MEMBER: &str = "8a1d1c1b-0000-4000-8000-0000000000aa";
pub const VISITOR: &str = "7d0ea69f-7aaf-4217-8af5-80819be06b1b";
/// 2026-11-22T10:00:00Z
pub const START: i64 = 1_795_341_600_000;

pub fn world() -> World {
    let site = |instance: &str, site_id: &str, name: &str, plan: Option<&str>| Site {
        instance_id: instance.parse().unwrap(),
        site_id: site_id.to_owned(),
        site_url: format!("https://{name}.example"),
        site_name: name.to_owned(),
        owner_id: OWNER.to_owned(),
        member_ids: vec![MEMBER.to_owned()],
        visitor_ids: vec![VISITOR.to_owned()],
        plan: plan.map(str::to_owned),
    };
    World {
        app: App {
            id: APP.parse().unwrap(),
            secret: SECRET.to_owned(),
            public_key: "a public key".to_owned(),
            private_key: include_str!("test-key.pem").to_owned(),
        },
        sites: vec![
            site(BAKERY, BAKERY_SITE, "bakery", Some("pro")),
            site(
                STUDIO,
                "c0ffee00-1111-4222-8333-444455556667",
                "studio",
                None,
            ),
        ],
    }
}
