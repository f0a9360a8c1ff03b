//! Which role a payload speaks of, and as whom.
//!
//! | `aid` | `permissions` | `uid` / `siteMemberId` | role | user id |
//! | --- | --- | --- | --- | --- |
//! | absent | `OWNER` | any | owner | `uid`, else `loginAccountId` |
//! | absent | other | one present | member | `siteMemberId`, else `uid` |
//! | present | any | one present | member | `siteMemberId`, else `uid` |
//! | any | not owner | none | visitor | `aid` |
//!
//! `aid` rules out the owner: Wix's "Dashboard security" says that a request with an anonymous
//! visitor id did not come from the dashboard, whatever else it carries.

use std::borrow::Cow;

use super::payload::Payload;
use crate::Role;

impl Payload<'_> {
    /// The role, and the id of the one who has it where Wix named one.
    pub fn role_and_user(&self) -> (Role, Option<&str>) {
        let anonymous_id = present(self.aid.as_ref());
        let user_id = present(self.uid.as_ref());
        let member_id = present(self.site_member_id.as_ref()).or(user_id);

        if anonymous_id.is_none() && self.permissions.as_deref() == Some("OWNER") {
            let account_id = user_id.or(present(self.login_account_id.as_ref()));
            return (Role::Owner, account_id);
        }
        match member_id {
            Some(id) => (Role::Member, Some(id)),
            None => (Role::Visitor, anonymous_id),
        }
    }
}

/// Text that is there and not empty.
pub(super) fn present<'text>(text: Option<&'text Cow<'_, str>>) -> Option<&'text str> {
    text.map(AsRef::as_ref).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(json: &str) -> (Role, Option<String>) {
        let json = format!(r#"{{"instanceId":"i","signDate":"d",{json}}}"#);
        let payload = Payload::from_json(json.as_bytes()).unwrap();
        let (role, user) = payload.role_and_user();
        (role, user.map(str::to_owned))
    }

    #[test]
    fn the_table() {
        let owner = |id: &str| (Role::Owner, Some(id.to_owned()));
        let member = |id: &str| (Role::Member, Some(id.to_owned()));
        let visitor = |id: &str| (Role::Visitor, Some(id.to_owned()));
        assert_eq!(role(r#""uid":"u","permissions":"OWNER""#), owner("u"));
        assert_eq!(
            role(r#""permissions":"OWNER","loginAccountId":"l""#),
            owner("l")
        );
        assert_eq!(role(r#""permissions":"OWNER""#), (Role::Owner, None));
        assert_eq!(
            role(r#""uid":"u","permissions":"OWNER","aid":"a""#),
            member("u")
        );
        assert_eq!(role(r#""permissions":"OWNER","aid":"a""#), visitor("a"));
        assert_eq!(role(r#""uid":"u","permissions":"owner""#), member("u"));
        assert_eq!(role(r#""uid":"u","siteMemberId":"m""#), member("m"));
        assert_eq!(role(r#""uid":null,"siteMemberId":"m""#), member("m"));
        assert_eq!(role(r#""uid":"","aid":"a""#), visitor("a"));
        assert_eq!(
            role(r#""uid":null,"permissions":null"#),
            (Role::Visitor, None)
        );
        assert_eq!(
            role(r#""permissions":"offline_access""#),
            (Role::Visitor, None)
        );
    }
}
