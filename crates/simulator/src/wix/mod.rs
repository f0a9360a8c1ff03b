//! Wix's REST APIs, as a backend meets them at `https://www.wixapis.com`.
//!
//! | file | what it answers |
//! | --- | --- |
//! | `oauth` | `POST /oauth2/token` |
//! | `token_info` | `POST /oauth2/token-info` |
//! | `app_instance` | `GET /apps/v1/instance` |
//! | `billing` | `/apps/v1/checkout` and `/apps/v1/checkout/history` |
//! | `scripts` | `/apps/v1/scripts` |
//! | `site_data` | `/wix-data/v2/…`, where the program has mounted it |
//! | `small` | `/apps/v1/bi-event`, `/site-properties/v4/properties` |
//!
//! Every other path is answered with `{}`, for callers with a valid credential. A path that is not Wix's is not served
//! without a credential ([`may_be_a_call`]). [`answer`](mod@answer) is the way
//! of each call; the faults come in there and nowhere else, but for those that are about tokens.

mod alive;
mod answer;
mod app_instance;
mod billing;
mod body;
mod caller;
mod endpoints;
mod oauth;
mod refusal;
mod scripts;
mod site_data;
mod small;
mod token_info;

pub(crate) use alive::subject;
pub(crate) use answer::{answer, may_be_a_call};
pub use site_data::{SiteData, SiteDataCall};
