//! Every code that a reply can carry: the one table. `docs/errors.md` is generated from it.

use http::StatusCode;

macro_rules! codes {
    ($($variant:ident $status:literal $name:literal, $description:literal, $remedy:literal;)*) => {
        /// The stable code of a refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = $description] $variant,)*
        }

        impl ErrorCode {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code as it stands in a reply.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status it comes with.
            pub fn status(self) -> StatusCode {
                let number: u16 = match self { $(Self::$variant => $status,)* };
                StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// What happened, in one sentence.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)* }
            }

            /// What to do about it.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

codes! {
    CredentialMissing 401 "CREDENTIAL_MISSING",
        "The request carries no credential.",
        "Send the page's `instance` value, or with `httpClient.fetchWithAuth()` its access token, in the Authorization header, or the first in X-Wix-Instance (`app.instance_headers`); where no header can be set (WebSocket, EventSource), add ?instance= to the address.";
    CredentialMalformed 401 "CREDENTIAL_MALFORMED",
        "The credential is none of the kinds that Wix hands out.",
        "Send the `instance` query parameter of the page exactly as it is; `backlot explain VALUE` says what a value is.";
    CredentialRepeated 400 "CREDENTIAL_REPEATED",
        "The request carries more than one credential.",
        "Send one Authorization header, or one X-Wix-Instance, or one ?instance=, not several, and an API key without any beside it.";
    SignatureInvalid 401 "INSTANCE_SIGNATURE_INVALID",
        "The instance was not signed with this app's secret, or was changed on the way.",
        "Check that `app.secret` is the secret of this very app, and that the page passes the value on unchanged.";
    InstanceExpired 401 "INSTANCE_EXPIRED",
        "The instance is too old.",
        "Reload the page: Wix hands it a new one.";
    InstanceFromFuture 401 "INSTANCE_FROM_FUTURE",
        "The instance was signed in the future.",
        "Set this server's clock (NTP); `app.clock_skew` says how far it may be off.";
    InstanceWrongApp 401 "INSTANCE_WRONG_APP",
        "The instance belongs to another app.",
        "Check that `app.id` is the id of the app whose page makes the call.";
    InstanceInvalid 401 "INSTANCE_INVALID",
        "The instance is signed correctly, but its content cannot be used.",
        "`backlot explain VALUE` says which field is wrong.";
    AccessTokenInactive 401 "ACCESS_TOKEN_INACTIVE",
        "Wix says that this access token is not active.",
        "Send a new one: `httpClient.fetchWithAuth()` sees to that by itself; reload a page that kept one.";
    AccessTokenExpired 401 "ACCESS_TOKEN_EXPIRED",
        "The access token is too old.",
        "Send a new one: `httpClient.fetchWithAuth()` sees to that by itself; reload a page that kept one.";
    AccessTokenWrongApp 401 "ACCESS_TOKEN_WRONG_APP",
        "The access token was made for another app.",
        "Check that `app.id` is the id of the app whose page makes the call.";
    AccessTokenNoInstance 401 "ACCESS_TOKEN_NO_INSTANCE",
        "The access token belongs to no instance of this app.",
        "Send the token of a page of a site on which the app is installed.";
    AccessTokenNoRole 401 "ACCESS_TOKEN_NO_ROLE",
        "The access token belongs to nobody who has a role here.",
        "Send the token of a visitor, a member, the site's owner, or the app.";
    TooManyRefusedTokens 429 "TOO_MANY_REFUSED_TOKENS",
        "Wix has refused too many tokens from this address.",
        "Wait for the seconds in Retry-After, and send tokens that Wix made. Behind a proxy of your own, name it in `server.trusted_proxies`.";
    VeloInstanceRefused 401 "VELO_INSTANCE_NOT_ACCEPTED",
        "This is a Velo instance, signed with a key that no app has.",
        "Send the `instance` value of your app's own page.";
    ApiKeyRefused 401 "API_KEY_NOT_ACCEPTED",
        "This is an API key of a Wix account. It was not used, stored or logged.",
        "Never put an API key in a page. If this one was in a browser, revoke it in the account's API key manager.";
    SiteIdMissing 400 "SITE_ID_MISSING",
        "An API key needs to say which site it is about.",
        "Send the site's id in the header `wix-site-id`; the client's `ApiKeyStrategy({ apiKey, siteId })` does.";
    ElevatedTokenInvalid 401 "ELEVATED_TOKEN_INVALID",
        "The token was not made by this server, or lasts longer than `elevated_token.lifetime`.",
        "Use the token from the header `x-backlot-elevated-token` of the request that is being answered.";
    ElevatedTokenExpired 401 "ELEVATED_TOKEN_EXPIRED",
        "The elevated token is too old.",
        "Use the token of the request that is being answered; one lasts for minutes.";
    RoleNotAllowed 403 "ROLE_NOT_ALLOWED",
        "This caller's role may not use this path.",
        "Call it as one of the roles in `data.allowed`, or add the role to `allow` in the `[[api]]` entry, or of the call in `[wix]` or `[[connection]]`; to `manage` there for `authorize`, `key` and `disconnect`.";
    PlanNotAllowed 403 "PLAN_NOT_ALLOWED",
        "This instance's plan does not include this path.",
        "Upgrade the app on this site, or add the plan to `plans` in the `[[api]]` entry, or of the call in `[wix]` or `[[connection]]`.";
    OriginNotAllowed 403 "ORIGIN_NOT_ALLOWED",
        "The page's origin is not on the list.",
        "Pages of an app come from https://<name>.wix-host.com (`cors.wix_hosts`), with the first Wix CLI from https://<app id>.wix.run (`app.id`); widgets and embedded scripts have the origin of their site (`cors.installed_sites`); on localhost the CLI has its own ports (`cors.localhost`, on in `backlot dev`). Any other origin goes into `cors.origins`. `backlot explain ORIGIN` says which it is.";
    PathNotAllowed 400 "PATH_NOT_ALLOWED",
        "Servers read this path in more than one way, and not all of them fall under one rule.",
        "Send the path as the rule writes it, without `.` or `..` segments, backslashes, control characters, empty segments and encoded `/`, `\\`, `%`, `?`, `#` or `;`; to Wix also without a slash at its end. docs/api.md has the table.";
    RouteNotFound 404 "ROUTE_NOT_FOUND",
        "Nothing is served at this path.",
        "Add an `[[api]]` entry whose `path` is a prefix of it.";
    MethodNotAllowed 405 "METHOD_NOT_ALLOWED",
        "This path does not serve this method.",
        "Use one of the methods in `data.allowed`, or for a path of your own server's add it to `methods` in the `[[api]]` entry.";
    RequestTimeout 408 "REQUEST_TIMEOUT",
        "The request's body stopped arriving, or came too slowly.",
        "Send it again. Slower connections are served with a longer `server.body_timeout` (`body_timeout` in the `[[api]]` entry) or a lower `server.min_transfer_rate`.";
    BodyCutOff 400 "BODY_CUT_OFF",
        "The request's body ended before all of it had come.",
        "Send it again.";
    BodyTooLarge 413 "BODY_TOO_LARGE",
        "The request's body is larger than allowed.",
        "Send less than `data.limitBytes`, or raise `body_limit` in the `[[api]]` entry, or in `[wix]`.";
    BufferShareExhausted 429 "BUFFER_SHARE_EXHAUSTED",
        "Bodies of this instance's requests take as much memory as one instance may have.",
        "Send fewer large bodies at a time, and try again after the seconds in Retry-After; one instance may have a quarter of `server.max_buffered_bytes`.";
    BuffersExhausted 503 "BUFFERS_EXHAUSTED",
        "Bodies that are under way take all the memory that there is for them.",
        "Try again after the seconds in Retry-After. If it lasts, raise `server.max_buffered_bytes`.";
    HeadersTooLarge 431 "HEADERS_TOO_LARGE",
        "The request's headers are larger than allowed.",
        "Send less than `data.limitBytes` of headers, in up to 256 lines.";
    TargetTooLong 414 "TARGET_TOO_LONG",
        "The request's address is longer than any that is read.",
        "Send what is long in the body.";
    RequestMalformed 400 "REQUEST_MALFORMED",
        "The request is not written as HTTP has it.",
        "Percent-encode what is no ASCII in the address, and look at the lines of the head.";
    RateLimited 429 "RATE_LIMITED",
        "Too many requests from this instance.",
        "Wait for the seconds in Retry-After.";
    InstanceBusy 429 "INSTANCE_BUSY",
        "Too many requests of this instance wait for their turn.",
        "Send fewer at once, and try again after the seconds in Retry-After. Other instances are not affected.";
    WixCallNotAllowed 403 "WIX_CALL_NOT_ALLOWED",
        "This call to Wix is not on the list.",
        "Add it to `calls` in the `[wix]` section: the method, a space, and the path without `/wix`.";
    WixTokenRefused 403 "WIX_TOKEN_REFUSED",
        "Wix gives this app no token for this instance, so no call can be made on its behalf.",
        "Most likely the app was removed from the site. If it happens on every site, check `app.secret`.";
    WixBudgetExhausted 429 "WIX_BUDGET_EXHAUSTED",
        "This instance has made as many calls to Wix as it may in a minute.",
        "Wait for the seconds in Retry-After; Wix grants each instance 200 calls a minute (`wix.requests_per_minute`).";
    WixUnavailable 503 "WIX_UNAVAILABLE",
        "Wix did not answer, or not in time, so nothing could be checked or done.",
        "Try again after the seconds in Retry-After. If it lasts, look for the request id in the server's log, and at Wix's status page.";
    SiteUnknown 503 "SITE_UNKNOWN",
        "The call needs the id of the caller's site, which Wix has not told yet.",
        "Try again after the seconds in Retry-After.";
    ApiKeyNotConfigured 500 "API_KEY_NOT_CONFIGURED",
        "The call needs the API key of a Wix account, and none is configured.",
        "Set `wix.api_key`.";
    ConnectionNotFound 404 "CONNECTION_NOT_FOUND",
        "There is no connection of this name.",
        "Add a `[[connection]]` entry with this `name`, or correct the name in the path.";
    ConnectionCallNotAllowed 403 "CONNECTION_CALL_NOT_ALLOWED",
        "This call is not on the connection's list.",
        "Add it to `calls` of the `[[connection]]` entry: the method, a space, and the path without `/connections/{name}`.";
    ConnectionQueryNotAllowed 403 "CONNECTION_QUERY_NOT_ALLOWED",
        "The call's line on the connection's list does not allow this parameter, or not with this value.",
        "Add it to the line, as in `\"GET /v1/things?limit&status=active|all\"`; `?*` allows any.";
    ConnectionNotConnected 409 "CONNECTION_NOT_CONNECTED",
        "The site's owner has not connected an account, or typed in a key.",
        "With `auth = { oauth = … }` send the owner to `/connections/{name}/authorize`; with an `instance_secret` put the key with `PUT /connections/{name}/key`.";
    ConnectionAccountLost 409 "CONNECTION_ACCOUNT_LOST",
        "The provider does not renew this account's tokens any more.",
        "Send the owner to `/connections/{name}/authorize` again.";
    ConnectionAddressMissing 409 "CONNECTION_ADDRESS_MISSING",
        "It is not known where this account's API is.",
        "Send the owner to `/connections/{name}/authorize` again: what the provider says then has the address.";
    ConnectionTokenRefused 502 "CONNECTION_TOKEN_REFUSED",
        "The provider gives no token.",
        "Check the client's id and secret in the `[[connection]]` entry; `data.providerError` is the provider's own word.";
    ConnectionQuotaExhausted 429 "CONNECTION_QUOTA_EXHAUSTED",
        "This instance has made as many calls as its plan includes in a month.",
        "Wait for the next month, or upgrade the app on this site; `quota` in the `[[connection]]` entry says how many.";
    ConnectionUnavailable 503 "CONNECTION_UNAVAILABLE",
        "The third party, or the provider of its tokens, fails, so it is left alone for a moment.",
        "Try again after the seconds in Retry-After. `backlot connection test NAME` says what works.";
    ConnectionUnreachable 502 "CONNECTION_UNREACHABLE",
        "The third party does not answer.",
        "Try again. If it lasts, check `base_url`; `backlot connection test NAME` says what works.";
    ConnectionAddressRefused 502 "CONNECTION_ADDRESS_REFUSED",
        "The third party is at an address inside, where no call may go, or redirects to one.",
        "If it is a service of your own, name its network in `networks` of the `[[connection]]` entry. That opens it for the host and port of `base_url`, and not for redirects to others.";
    ConnectionBroken 502 "CONNECTION_BROKEN",
        "The third party broke off before it replied, or replied with something that is no HTTP.",
        "Look for the request id in the server's log.";
    ConnectionTimeout 504 "CONNECTION_TIMEOUT",
        "The third party did not reply in time.",
        "Try again, or raise `timeout` in the `[[connection]]` entry.";
    ConnectionRedirected 502 "CONNECTION_REDIRECTED",
        "The third party redirects to where no call may go.",
        "Look for the request id in the server's log, which says where to. Correct `base_url` or the path, or add the call that it redirects to to `calls`, for this caller; elsewhere redirects lead over https only. `redirects` in the `[[connection]]` entry says how many are followed.";
    ConnectionReplyRefused 502 "CONNECTION_REPLY_REFUSED",
        "The third party's reply cannot be handed on.",
        "It is larger than `reply_limit`, or encoded in a way that cannot be read; look for the request id in the server's log.";
    AuthorizationUnknown 400 "AUTHORIZATION_UNKNOWN",
        "This way back from the provider is not known: it was used already, is too old, or was not begun here.",
        "Begin again from the app's page.";
    AuthorizationDenied 403 "AUTHORIZATION_DENIED",
        "The provider did not connect the account: it was refused there.",
        "Begin again from the app's page, and accept what the provider asks.";
    AuthorizationFailed 502 "AUTHORIZATION_FAILED",
        "The provider gave no tokens for the account.",
        "Begin again from the app's page. If it lasts, look for the request id in the server's log.";
    AuthorizationUnusable 400 "AUTHORIZATION_UNUSABLE",
        "This cannot be done with this connection, or with what was sent.",
        "`authorize` and `callback` are for connections with `auth = { oauth = … }`, `key` for those with an `instance_secret`; `return_to` is an address of a page whose origin `[cors]` lets in.";
    TooManyAuthorizations 429 "TOO_MANY_AUTHORIZATIONS",
        "This instance has begun too many authorizations that were not ended.",
        "Wait for the seconds in Retry-After.";
    SecretMissing 503 "SECRET_MISSING",
        "A secret that this needs has not been set.",
        "Look for the request id in the server's log, which names the secret; then `backlot secret set NAME`.";
    SecretUnreadable 500 "SECRET_UNREADABLE",
        "A secret that this needs cannot be used.",
        "Look for the request id in the server's log, which says why; then `backlot secret rotate NAME`.";
    InstanceNotFound 404 "INSTANCE_NOT_FOUND",
        "Nothing is known of this instance.",
        "Check the id; an instance is known from its first verified request on.";
    StorageFull 507 "STORAGE_FULL",
        "The database has no room left, so nothing was changed.",
        "Make room on the disk of the data folder; no restart is needed.";
    DatabaseUnavailable 503 "DATABASE_UNAVAILABLE",
        "The database does not answer. Whether a change was made is not known.",
        "Try again after the seconds in Retry-After. If it lasts, look for the request id in the server's log.";
    DatabaseBusy 503 "DATABASE_BUSY",
        "More changes are waiting than the database can take, so nothing was changed.",
        "Try again after the seconds in Retry-After.";
    Internal 500 "INTERNAL",
        "Something went wrong in this server.",
        "Look for the request id in the server's log.";
    UpstreamUnreachable 502 "UPSTREAM_UNREACHABLE",
        "Your own server does not answer.",
        "Start it, or correct `upstream` in the `[[api]]` entry. If it runs, look for the request id in the server's log, which says why it cannot be reached: over https its certificate may be of another name, or of an authority that this machine does not trust.";
    UpstreamBroken 502 "UPSTREAM_BROKEN",
        "Your own server broke off before it replied.",
        "Look for the request id in its log.";
    UpstreamHeadTooLarge 502 "UPSTREAM_HEAD_TOO_LARGE",
        "The reply of your own server has too many header lines, or too large ones.",
        "Send fewer: up to 256 lines and 128 KiB are handed on.";
    UpstreamTimeout 504 "UPSTREAM_TIMEOUT",
        "Your own server did not reply in time.",
        "Make it faster, or raise `timeout` in the `[[api]]` entry.";
    NotReady 503 "NOT_READY",
        "This server is shutting down.",
        "Send the request again; another server, or this one started anew, will take it.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_sentences_end() {
        let mut names: Vec<_> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            assert!(code.description().ends_with('.'), "{}", code.name());
            assert!(code.remedy().ends_with('.'), "{}", code.name());
            assert!(code.status().as_u16() >= 400, "{}", code.name());
        }
    }
}
