//! Any bytes as an access token, and as what Wix says of one: read and refused without a panic, and
//! never admitted against the rules.

use backlot_wix::access_token::UnverifiedClaims;
use backlot_wix::oauth::Granted;
use backlot_wix::token_info::{TokenInfo, TokenPolicy};
use backlot_wix::{AppInstance, Credential};
use jiff::{SignedDuration, Timestamp};

pub(crate) fn run(data: &[u8]) {
    let Ok(app_id) = "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c".parse() else {
        return;
    };
    let policy = TokenPolicy {
        app_id,
        clock_skew: SignedDuration::from_mins(5),
    };
    let times = [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX];
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Credential::classify(text);
        let _ = UnverifiedClaims::read(text);
        for now in times {
            let _ = policy.look_at(text, now);
        }
    }
    if let Ok(info) = serde_json::from_slice::<TokenInfo>(data) {
        for now in times {
            if let Ok(caller) = policy.admit(&info, now) {
                assert!(info.active);
                assert_eq!(caller.app_id, Some(app_id));
                assert!(caller.expires_at.duration_until(now) <= policy.clock_skew);
            }
        }
    }
    if let Ok(granted) = serde_json::from_slice::<Granted>(data) {
        assert!(granted.lifetime().as_secs() <= 24 * 3600);
    }
    if let Ok(answer) = serde_json::from_slice::<AppInstance>(data)
        && let Some(origin) = answer.site.origin()
    {
        assert!(origin.starts_with("https://"));
        assert!(origin.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
