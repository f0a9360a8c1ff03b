//! Where a connection's API is: in one place, or where the provider says that an account's is.
//!
//! `https://api.example.com` is one place. `{account.instance_url}` stands for what the token endpoint says under that
//! name, `{callback.shop}` for what comes along with the owner who comes back from the provider.
//!
//! Rules: what is made of it is an address over `https` at a host of the list, without a user, a query or a fragment; in
//! plain, only at an address in one's own networks. What is put into the middle of an address cannot lead out of its place.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use backlot_outbound::egress_guard::AddressGuard;
use backlot_outbound::third_party::ApiBase;
use backlot_outbound::third_party::oauth::IssuedTokens;
use backlot_outbound::upstream::Address;
use ipnet::IpNet;
use moka::sync::Cache;

use super::{Connection, HostPattern};

/// The places of accounts that are known at once.
const MAX_PLACES: u64 = 10_000;
/// The most letters of a value.
const MAX_VALUE_LENGTH: usize = 512;

/// Where a connection's API is.
#[derive(Debug, Clone)]
pub enum BaseUrl {
    /// In one place.
    Fixed(Address),
    /// Where each account's is.
    OfAccount(Arc<BaseTemplate>),
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(address) => address.fmt(formatter),
            Self::OfAccount(template) => template.parts.iter().try_for_each(|part| match part {
                Part::Text(text) => formatter.write_str(text),
                Part::Value(name) => write!(formatter, "{{{name}}}"),
            }),
        }
    }
}

/// The address of an account's API, with places for what the provider says.
#[derive(Debug, Clone)]
pub struct BaseTemplate {
    parts: Vec<Part>,
    hosts: Vec<HostPattern>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    /// With where it comes from: `account.instance_url`.
    Value(String),
}

/// The text is no address with places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseTemplateError {
    /// A brace that opens or closes no place.
    #[error("has a brace that opens or closes no place")]
    Brace,
    /// A place that is neither `account.…` nor `callback.…`.
    #[error("has a place that is neither {{account.NAME}} nor {{callback.NAME}}")]
    UnknownPlace,
    /// It begins neither with `https://` nor with a place.
    #[error("begins neither with https:// nor with a place")]
    NotHttp,
}

/// Why no address can be made for an account. What the provider said is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BaseError {
    /// The provider did not say it.
    #[error("the provider did not say {0}")]
    Missing(String),
    /// What it said cannot stand there.
    #[error("what the provider said as {0} cannot stand in an address")]
    Unusable(String),
    /// The address is none that a call may go to.
    #[error("the account's address is no https address at a host of `hosts`")]
    NotAllowed,
}

impl BaseTemplate {
    /// Reads an address with places, for these hosts. `None` if there are no places in it.
    ///
    /// # Errors
    /// When a place is not one that is known, or the address is none.
    pub fn parse(text: &str, hosts: Vec<HostPattern>) -> Result<Option<Self>, BaseTemplateError> {
        if !text.contains(['{', '}']) {
            return Ok(None);
        }
        let mut parts = Vec::new();
        let mut left = text;
        while let Some((before, after)) = left.split_once('{') {
            let (place, rest) = after.split_once('}').ok_or(BaseTemplateError::Brace)?;
            if before.contains('}') || place.contains('{') {
                return Err(BaseTemplateError::Brace);
            }
            let name = place
                .split_once('.')
                .filter(|(from, name)| matches!(*from, "account" | "callback") && !name.is_empty());
            name.ok_or(BaseTemplateError::UnknownPlace)?;
            parts.extend((!before.is_empty()).then(|| Part::Text(before.to_owned())));
            parts.push(Part::Value(place.to_owned()));
            left = rest;
        }
        if left.contains('}') {
            return Err(BaseTemplateError::Brace);
        }
        parts.extend((!left.is_empty()).then(|| Part::Text(left.to_owned())));
        match parts.first() {
            Some(Part::Text(text)) if !is_web(text) => Err(BaseTemplateError::NotHttp),
            _ => Ok(Some(Self { parts, hosts })),
        }
    }

    /// What it has places for.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Whether it needs what comes along with the owner's way back.
    pub fn needs_callback(&self) -> bool {
        self.names().any(|name| name.starts_with("callback."))
    }

    /// The address for an account.
    fn address(
        &self,
        values: &BTreeMap<String, String>,
        networks: &[IpNet],
    ) -> Result<Address, BaseError> {
        let mut text = String::new();
        for part in &self.parts {
            let name = match part {
                Part::Text(literal) => {
                    text.push_str(literal);
                    continue;
                }
                Part::Value(name) => name,
            };
            let value = values.get(name);
            let value = value.ok_or_else(|| BaseError::Missing(name.clone()))?;
            let value = if text.is_empty() {
                whole(value)
            } else {
                piece(value)
            };
            let value = value.ok_or_else(|| BaseError::Unusable(name.clone()))?;
            text.push_str(&value);
        }
        let url = url::Url::parse(&text).map_err(|_| BaseError::NotAllowed)?;
        let address = Address::parse(&text, false).map_err(|_| BaseError::NotAllowed)?;
        let is_inside = || {
            let guard = AddressGuard::only(networks.to_vec());
            address.ip().is_some_and(|ip| guard.permits(ip))
        };
        let is_listed = self.hosts.iter().any(|host| host.is_of(&url));
        if is_listed && (address.is_tls() || is_inside()) {
            Ok(address)
        } else {
            Err(BaseError::NotAllowed)
        }
    }
}

fn is_web(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// A value that an address begins with: an address itself, or a host.
fn whole(value: &str) -> Option<String> {
    let value = value.trim().trim_end_matches('/');
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]".contains(&byte);
    if value.is_empty() || !value.bytes().all(is_plain) {
        return None;
    }
    let has_scheme = value.contains("://");
    match has_scheme {
        true if is_web(value) => Some(value.to_owned()),
        true => None,
        false => Some(format!("https://{value}")),
    }
}

/// A value in the middle of an address: letters that end neither a host's name nor a part of a path.
fn piece(value: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let has_letters = value.bytes().any(|byte| byte != b'.');
    (has_letters && value.bytes().all(is_plain)).then(|| value.to_owned())
}

/// The places of a connection's API, each with its connections and its rest after failures.
pub(super) enum Bases {
    Fixed(Arc<ApiBase>),
    OfAccounts(Arc<BaseTemplate>, Cache<String, Arc<ApiBase>>),
}

impl Bases {
    pub(super) fn new(base: &BaseUrl) -> Self {
        match base {
            BaseUrl::Fixed(address) => Self::Fixed(Arc::new(ApiBase::new(address.clone()))),
            BaseUrl::OfAccount(template) => {
                let places = Cache::builder().max_capacity(MAX_PLACES).build();
                Self::OfAccounts(Arc::clone(template), places)
            }
        }
    }
}

impl Connection {
    /// Where the API is, for an account with these values.
    pub(super) fn base(
        &self,
        values: &BTreeMap<String, String>,
    ) -> Result<Arc<ApiBase>, BaseError> {
        let (template, places) = match &self.bases {
            Bases::Fixed(base) => return Ok(Arc::clone(base)),
            Bases::OfAccounts(template, places) => (template, places),
        };
        let address = template.address(values, &self.settings.networks)?;
        let key = format!("{address:?}");
        Ok(places.get_with(key, || Arc::new(ApiBase::new(address))))
    }

    /// Where the API is for all accounts; `None` if each has its own.
    pub(super) fn fixed_base(&self) -> Option<Arc<ApiBase>> {
        match &self.bases {
            Bases::Fixed(base) => Some(Arc::clone(base)),
            Bases::OfAccounts(..) => None,
        }
    }

    /// What the address of an account's API is made of, once it is connected: all of it, and the address is one that
    /// calls may go to.
    pub(super) fn values_of(
        &self,
        grant: &IssuedTokens,
        parameters: &[(String, String)],
    ) -> Result<BTreeMap<String, String>, BaseError> {
        let mut values = BTreeMap::new();
        let Bases::OfAccounts(template, _) = &self.bases else {
            return Ok(values);
        };
        for name in template.names() {
            let said = match name.split_once('.') {
                Some(("account", field)) => grant.field(field),
                Some((_, parameter)) => {
                    let mut along = parameters.iter().filter(|(name, _)| name == parameter);
                    along.next().map(|(_, value)| value.clone())
                }
                None => None,
            };
            let said = said.filter(|value| value.len() <= MAX_VALUE_LENGTH);
            let said = said.ok_or_else(|| BaseError::Missing(name.to_owned()))?;
            values.insert(name.to_owned(), said);
        }
        self.base(&values)?;
        Ok(values)
    }

    /// The same after a renewal, which may say something new, and need not say all.
    pub(super) fn renew_values(&self, grant: &IssuedTokens, values: &mut BTreeMap<String, String>) {
        let Bases::OfAccounts(template, _) = &self.bases else {
            return;
        };
        let mut renewed = values.clone();
        for name in template.names() {
            let field = name.strip_prefix("account.");
            let said = field.and_then(|field| grant.field(field));
            if let Some(said) = said.filter(|value| value.len() <= MAX_VALUE_LENGTH) {
                renewed.insert(name.to_owned(), said);
            }
        }
        if self.base(&renewed).is_ok() {
            *values = renewed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str, hosts: &[&str]) -> BaseTemplate {
        let hosts = hosts.iter().map(|host| HostPattern::parse(host).unwrap());
        BaseTemplate::parse(text, hosts.collect()).unwrap().unwrap()
    }

    fn made(template: &BaseTemplate, name: &str, value: &str) -> Result<String, BaseError> {
        let values = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let networks = ["10.1.0.0/16".parse().unwrap()];
        let address = template.address(&values, &networks)?;
        Ok(format!("{address:?}"))
    }

    #[test]
    fn an_address_that_the_provider_names() {
        let of_salesforce = template(
            "{account.instance_url}/services",
            &["*.salesforce.com", "10.1.0.7"],
        );
        let made = |value: &str| made(&of_salesforce, "account.instance_url", value);
        for (value, address) in [
            (
                "https://a.my.salesforce.com",
                "https://a.my.salesforce.com/",
            ),
            (
                "https://a.my.salesforce.com/",
                "https://a.my.salesforce.com/",
            ),
            ("https://A.salesforce.com", "https://a.salesforce.com/"),
            ("a.salesforce.com", "https://a.salesforce.com/"),
            ("http://10.1.0.7:8080", "http://10.1.0.7:8080/"),
        ] {
            let expected = format!("Address({address}, base \"/services\")");
            assert_eq!(made(value).unwrap(), expected, "{value}");
        }
        for value in [
            "https://evil.example",
            "https://salesforce.com.evil.example",
            "https://salesforce.com",
            "https://evilsalesforce.com",
            "http://a.salesforce.com",
            "http://10.1.0.8",
            "http://127.0.0.1",
            "https://10.1.0.8",
            "https://a.salesforce.com.",
            "https://a.salesforce.com/../x",
        ] {
            assert_eq!(made(value).unwrap_err(), BaseError::NotAllowed, "{value}");
        }
        let name = "account.instance_url".to_owned();
        for value in [
            "",
            "ftp://a.salesforce.com",
            "https://u@a.salesforce.com",
            "https://evil.example\\@a.salesforce.com",
            "https://evil.example?.salesforce.com",
            "https://evil.example#.salesforce.com",
            "https://a.salesforce.com/%2e%2e",
            "https://a.sales\nforce.com",
            "javascript://a.salesforce.com",
        ] {
            let error = made(value).unwrap_err();
            assert_eq!(error, BaseError::Unusable(name.clone()), "{value}");
        }
        let nothing = of_salesforce.address(&BTreeMap::new(), &[]);
        assert_eq!(nothing.unwrap_err(), BaseError::Missing(name));
    }

    #[test]
    fn a_piece_of_an_address() {
        let of_shops = template(
            "https://{callback.shop}.example.com/api",
            &["*.example.com"],
        );
        assert!(of_shops.needs_callback());
        let made = |value: &str| made(&of_shops, "callback.shop", value);
        let address = "Address(https://a-1.example.com/, base \"/api\")";
        assert_eq!(made("a-1").unwrap(), address);
        for value in [
            "evil.com/",
            "evil.com?",
            "a@b",
            "a:1",
            "..",
            "",
            "a/b",
            "a%2f",
            "ä",
        ] {
            assert!(made(value).is_err(), "{value}");
        }
    }

    #[test]
    fn what_is_no_address_with_places() {
        let parse = |text: &str| BaseTemplate::parse(text, Vec::new()).map(|it| it.is_some());
        assert_eq!(parse("https://api.example.com"), Ok(false));
        assert_eq!(parse("{account.instance_url}"), Ok(true));
        assert_eq!(parse("{account.authed_user.id}/x"), Ok(true));
        for (text, error) in [
            ("https://{account.a", BaseTemplateError::Brace),
            ("https://account.a}", BaseTemplateError::Brace),
            ("https://{{account.a}}", BaseTemplateError::Brace),
            ("https://{account.a}}", BaseTemplateError::Brace),
            ("https://{instance_url}", BaseTemplateError::UnknownPlace),
            ("https://{account.}", BaseTemplateError::UnknownPlace),
            ("https://{}", BaseTemplateError::UnknownPlace),
            ("ftp://{account.a}", BaseTemplateError::NotHttp),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
}
