//! Every code that a response can carry: the one table. `docs/errors.md` is generated from it.

use http::StatusCode;

macro_rules! codes {
    ($($variant:ident $status:literal $name:literal, $description:literal, $remedy:literal;)*) => {
        /// The stable code of a refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $description] $variant,)*
        }

        impl ErrorCode {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code as it stands in a response.
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
        "Send the page's `instance` value, or its access token with `httpClient.fetchWithAuth()`, in the Authorization header. The instance may also be in X-Wix-Instance (`app.instance_headers`), or in ?instance= if headers cannot be set (WebSocket, EventSource).";
    CredentialMalformed 401 "CREDENTIAL_MALFORMED",
        "The credential is not of a kind that Wix issues.",
        "Send the `instance` query parameter of the page unchanged. `backlot explain VALUE` says what a value is.";
    CredentialRepeated 400 "CREDENTIAL_REPEATED",
        "The request carries more than one credential.",
        "Send exactly one of the Authorization header, X-Wix-Instance and ?instance=, and no other credential beside an API key.";
    SignatureInvalid 401 "INSTANCE_SIGNATURE_INVALID",
        "The instance was not signed with this app's secret, or was changed in transit.",
        "Check that `app.secret` is the secret of this app, and that the page sends the value unchanged.";
    InstanceExpired 401 "INSTANCE_EXPIRED",
        "The instance has expired.",
        "Reload the page: Wix gives it a new one.";
    InstanceFromFuture 401 "INSTANCE_FROM_FUTURE",
        "The instance was signed in the future.",
        "Synchronize this server's clock (NTP). `app.clock_skew` is the allowed difference.";
    InstanceWrongApp 401 "INSTANCE_WRONG_APP",
        "The instance belongs to another app.",
        "Check that `app.id` is the id of the app whose page makes the call.";
    InstanceInvalid 401 "INSTANCE_INVALID",
        "The instance is signed correctly, but its content is not valid.",
        "Run `backlot explain VALUE` to see which field is wrong.";
    AccessTokenInactive 401 "ACCESS_TOKEN_INACTIVE",
        "Wix reports that this access token is not active.",
        "Send a new one. `httpClient.fetchWithAuth()` does so by itself. Reload a page that stored the token.";
    AccessTokenExpired 401 "ACCESS_TOKEN_EXPIRED",
        "The access token has expired.",
        "Send a new one. `httpClient.fetchWithAuth()` does so by itself. Reload a page that stored the token.";
    AccessTokenWrongApp 401 "ACCESS_TOKEN_WRONG_APP",
        "The access token was issued for another app.",
        "Check that `app.id` is the id of the app whose page makes the call.";
    AccessTokenNoInstance 401 "ACCESS_TOKEN_NO_INSTANCE",
        "The access token does not belong to an instance of this app.",
        "Send a token from a page of a site on which the app is installed.";
    AccessTokenNoRole 401 "ACCESS_TOKEN_NO_ROLE",
        "The subject of the access token has no role here.",
        "Send the token of a visitor, a member, the site's owner, or the app.";
    TooManyRefusedTokens 429 "TOO_MANY_REFUSED_TOKENS",
        "Wix has refused too many tokens from this address.",
        "Wait for the seconds in Retry-After, and send tokens that Wix issued. If there is a proxy in front of this server, list it in `server.trusted_proxies`.";
    VeloInstanceRefused 401 "VELO_INSTANCE_NOT_ACCEPTED",
        "This is a Velo instance, which is not signed with the secret of any app.",
        "Send the `instance` value of your app's own page.";
    ApiKeyRefused 401 "API_KEY_NOT_ACCEPTED",
        "This is an API key of a Wix account. It was not used, stored or logged.",
        "Never put an API key into a page. If this one was in a browser, revoke it in the account's API key manager.";
    SiteIdMissing 400 "SITE_ID_MISSING",
        "A request with an API key must name a site.",
        "Send the site's id in the header `wix-site-id`. The client's `ApiKeyStrategy({ apiKey, siteId })` does so.";
    ElevatedTokenInvalid 401 "ELEVATED_TOKEN_INVALID",
        "The token was not issued by this server, or its lifetime exceeds `elevated_token.lifetime`.",
        "Use the token from the header `x-backlot-elevated-token` of the request that you are handling.";
    ElevatedTokenExpired 401 "ELEVATED_TOKEN_EXPIRED",
        "The elevated token has expired.",
        "Use the token of the request that you are handling. A token lasts for minutes.";
    WebhookSignatureInvalid 401 "WEBHOOK_SIGNATURE_INVALID",
        "The request was not signed with the app's key at Wix, or was changed in transit.",
        "Check that `app.public_key` is the public key of this app (View ID & keys). While it is rotated, list both keys.";
    WebhookExpired 401 "WEBHOOK_EXPIRED",
        "The webhook's signature has expired.",
        "Synchronize this server's clock (NTP). A webhook of Wix is valid for weeks, so this may be one that was recorded.";
    WebhookNotYetValid 401 "WEBHOOK_NOT_YET_VALID",
        "The webhook was signed in the future.",
        "Synchronize this server's clock (NTP). Wix sends the webhook again.";
    WebhookMalformed 400 "WEBHOOK_MALFORMED",
        "The webhook is signed correctly, but its content is not an event.",
        "Search the server's log for the request id, which has the reason.";
    WebhookNotConfigured 503 "WEBHOOK_NOT_CONFIGURED",
        "Webhooks cannot be verified, because the app's public key is not configured.",
        "Set `app.public_key`, or WIX_CLIENT_PUBLIC_KEY, to the public key from the app's dashboard (View ID & keys). Wix sends the webhook again for two days.";
    RoleNotAllowed 403 "ROLE_NOT_ALLOWED",
        "The caller's role does not allow this call.",
        "Call as one of the roles in `data.allowed`, or add the role to `allow` of the `[[api]]` entry, or of the call in `[wix]` or `[[connection]]`. For `authorize`, `key` and `disconnect`, add it to `manage`.";
    PlanNotAllowed 403 "PLAN_NOT_ALLOWED",
        "The instance's plan does not include this call.",
        "Upgrade the app on this site, or add the plan to `plans` of the `[[api]]` entry, or of the call in `[wix]` or `[[connection]]`.";
    OriginNotAllowed 403 "ORIGIN_NOT_ALLOWED",
        "The page's origin is not allowed.",
        "Pages of an app come from https://<name>.wix-host.com (`cors.wix_hosts`), or with the first Wix CLI from https://<app id>.wix.run (`app.id`). Widgets and embedded scripts have the origin of their site (`cors.installed_sites`). On localhost, the CLI uses its own ports (`cors.localhost`, on in `backlot dev`). Add any other origin to `cors.origins`. `backlot explain ORIGIN` says which case applies.";
    PathNotAllowed 400 "PATH_NOT_ALLOWED",
        "Servers read this path in different ways, which do not all fall under one rule.",
        "Send the path as the rule writes it, without `.` or `..` segments, backslashes, control characters, empty segments, and encoded `/`, `\\`, `%`, `?`, `#` or `;`; to Wix also without a trailing slash. See the table in docs/api.md.";
    RouteNotFound 404 "ROUTE_NOT_FOUND",
        "Nothing is served at this path.",
        "Add an `[[api]]` entry whose `path` is a prefix of it.";
    MethodNotAllowed 405 "METHOD_NOT_ALLOWED",
        "The path does not support this method.",
        "Use one of the methods in `data.allowed`. For a path of your own server, add the method to `methods` of the `[[api]]` entry.";
    RequestTimeout 408 "REQUEST_TIMEOUT",
        "The request's body stopped arriving, or arrived too slowly.",
        "Send it again. For slow connections, raise `server.body_timeout` (`body_timeout` in the `[[api]]` entry), or lower `server.min_transfer_rate`.";
    BodyCutOff 400 "BODY_CUT_OFF",
        "The request's body ended prematurely.",
        "Send it again.";
    BodyTooLarge 413 "BODY_TOO_LARGE",
        "The request's body is larger than allowed.",
        "Send less than `data.limitBytes`, or raise `body_limit` in the `[[api]]` entry, in `[wix]`, or for webhooks in `[events]`.";
    BufferShareExhausted 429 "BUFFER_SHARE_EXHAUSTED",
        "The bodies of this instance's requests use as much memory as one instance may.",
        "Send fewer large bodies at a time, and try again after the seconds in Retry-After. An instance may use a quarter of `server.max_buffered_bytes`.";
    BuffersExhausted 503 "BUFFERS_EXHAUSTED",
        "The bodies of requests use all the memory that is available for them.",
        "Try again after the seconds in Retry-After. If this persists, raise `server.max_buffered_bytes`.";
    HeadersTooLarge 431 "HEADERS_TOO_LARGE",
        "The request's headers are larger than allowed.",
        "Send less than `data.limitBytes` of headers, in up to 256 lines.";
    TargetTooLong 414 "TARGET_TOO_LONG",
        "The request's target is too long.",
        "Send long values in the body.";
    RequestMalformed 400 "REQUEST_MALFORMED",
        "The request is not valid HTTP.",
        "Percent-encode characters outside ASCII in the address, and check the header lines.";
    RateLimited 429 "RATE_LIMITED",
        "The instance has sent too many requests.",
        "Wait for the seconds in Retry-After.";
    InstanceBusy 429 "INSTANCE_BUSY",
        "Too many requests of this instance are waiting for their turn.",
        "Send fewer at once, and try again after the seconds in Retry-After. Other instances are not affected.";
    WixCallNotAllowed 403 "WIX_CALL_NOT_ALLOWED",
        "This call to Wix is not on the list.",
        "Add it to `calls` in the `[wix]` section: the method, a space, and the path without `/wix`.";
    WixTokenRefused 403 "WIX_TOKEN_REFUSED",
        "Wix issues no token for this instance, so no call can be made on its behalf.",
        "Most likely the app was removed from the site. If this happens on every site, check `app.secret`.";
    WixBudgetExhausted 429 "WIX_BUDGET_EXHAUSTED",
        "This instance has made as many calls to Wix as it may in a minute.",
        "Wait for the seconds in Retry-After. Wix allows each instance 200 calls a minute (`wix.requests_per_minute`).";
    WixUnavailable 503 "WIX_UNAVAILABLE",
        "Wix did not answer in time, so nothing could be verified or done.",
        "Try again after the seconds in Retry-After. If this persists, search the server's log for the request id, and check Wix's status page.";
    SiteUnknown 503 "SITE_UNKNOWN",
        "The call needs the id of the caller's site, which is not known yet.",
        "Try again after the seconds in Retry-After.";
    ApiKeyNotConfigured 500 "API_KEY_NOT_CONFIGURED",
        "The call needs the API key of a Wix account, and none is configured.",
        "Set `wix.api_key`.";
    ConnectionNotFound 404 "CONNECTION_NOT_FOUND",
        "There is no connection with this name.",
        "Add a `[[connection]]` entry with this `name`, or correct the name in the path.";
    ConnectionCallNotAllowed 403 "CONNECTION_CALL_NOT_ALLOWED",
        "This call is not on the connection's list.",
        "Add it to `calls` of the `[[connection]]` entry: the method, a space, and the path without `/connections/{name}`.";
    ConnectionQueryNotAllowed 403 "CONNECTION_QUERY_NOT_ALLOWED",
        "The call's entry on the connection's list does not allow this parameter, or not with this value.",
        "Add it to the entry, as in `\"GET /v1/things?limit&status=active|all\"`. `?*` allows any.";
    ConnectionNotConnected 409 "CONNECTION_NOT_CONNECTED",
        "The site's owner has not connected an account or entered a key.",
        "With `auth = { oauth = … }`, send the owner to `/connections/{name}/authorize`. With an `instance_secret`, store the key with `PUT /connections/{name}/key`.";
    ConnectionAccountLost 409 "CONNECTION_ACCOUNT_LOST",
        "The provider no longer renews this account's tokens.",
        "Send the owner to `/connections/{name}/authorize` again.";
    ConnectionAddressMissing 409 "CONNECTION_ADDRESS_MISSING",
        "The address of this account's API is not known.",
        "Send the owner to `/connections/{name}/authorize` again: the provider's response contains the address.";
    ConnectionTokenRefused 502 "CONNECTION_TOKEN_REFUSED",
        "The provider issues no token.",
        "Check the client's id and secret in the `[[connection]]` entry. `data.providerError` is the provider's error code.";
    ConnectionQuotaExhausted 429 "CONNECTION_QUOTA_EXHAUSTED",
        "This instance has made as many calls as its plan includes in a month.",
        "Wait for the next month, or upgrade the app on this site. `quota` in the `[[connection]]` entry is the limit.";
    ConnectionUnavailable 503 "CONNECTION_UNAVAILABLE",
        "The third party, or the provider of its tokens, keeps failing, so no calls are made for a moment.",
        "Try again after the seconds in Retry-After. `backlot connection test NAME` diagnoses the connection.";
    ConnectionUnreachable 502 "CONNECTION_UNREACHABLE",
        "The third party does not answer.",
        "Try again. If this persists, check `base_url`. `backlot connection test NAME` diagnoses the connection.";
    ConnectionAddressRefused 502 "CONNECTION_ADDRESS_REFUSED",
        "The third party is at a private address, which is not allowed, or redirects to one.",
        "If it is your own service, add its network to `networks` of the `[[connection]]` entry. This allows the host and port of `base_url`, but not redirects to others.";
    ConnectionBroken 502 "CONNECTION_BROKEN",
        "The third party closed the connection before it responded, or its response is not valid HTTP.",
        "Search the server's log for the request id.";
    ConnectionTimeout 504 "CONNECTION_TIMEOUT",
        "The third party did not respond in time.",
        "Try again, or raise `timeout` in the `[[connection]]` entry.";
    ConnectionRedirected 502 "CONNECTION_REDIRECTED",
        "The third party redirects to an address that is not allowed.",
        "Search the server's log for the request id; it has the address. Correct `base_url` or the path, or add the target to `calls` for this caller. Redirects to other hosts must use https. `redirects` in the `[[connection]]` entry is the number of redirects that are followed.";
    ConnectionResponseRefused 502 "CONNECTION_REPLY_REFUSED",
        "The third party's response cannot be returned.",
        "It is larger than `reply_limit`, or its encoding cannot be decoded. Search the server's log for the request id.";
    AuthorizationUnknown 400 "AUTHORIZATION_UNKNOWN",
        "This callback is not valid: it was already used, has expired, or was not started here.",
        "Start again from the app's page.";
    AuthorizationDenied 403 "AUTHORIZATION_DENIED",
        "The provider did not connect the account, because access was denied.",
        "Start again from the app's page, and consent at the provider.";
    AuthorizationFailed 502 "AUTHORIZATION_FAILED",
        "The provider issued no tokens for the account.",
        "Start again from the app's page. If this persists, search the server's log for the request id.";
    AuthorizationUnusable 400 "AUTHORIZATION_UNUSABLE",
        "The connection does not support this call, or a parameter is not valid.",
        "`authorize` and `callback` require `auth = { oauth = … }`, and `key` an `instance_secret`. `return_to` must be the address of a page whose origin `[cors]` allows.";
    TooManyAuthorizations 429 "TOO_MANY_AUTHORIZATIONS",
        "This instance has started too many authorizations without completing them.",
        "Wait for the seconds in Retry-After.";
    WebhookSourceNotFound 404 "WEBHOOK_SOURCE_NOT_FOUND",
        "There is no webhook source with this name.",
        "Add a `[[webhook_source]]` entry with this `name`, or correct the name in the address that the provider has.";
    WebhookAddressUnknown 404 "WEBHOOK_ADDRESS_UNKNOWN",
        "The webhook source has no such address.",
        "With `instance = \"address\"`, register an address that `POST /webhooks/{name}/addresses` has made. Otherwise, the address is `/webhooks/{name}`.";
    SourceSignatureInvalid 401 "WEBHOOK_SOURCE_SIGNATURE_INVALID",
        "The webhook does not prove that it comes from its source.",
        "Check `secret` and `preset` of the `[[webhook_source]]` entry, this server's clock, and, if the signature covers the address, `public_url`. The server's log has the reason.";
    SourcePayloadInvalid 400 "WEBHOOK_SOURCE_PAYLOAD_INVALID",
        "The webhook's body is neither JSON nor a form.",
        "Choose JSON as the format of the webhook at the provider.";
    TooManyWebhookAddresses 409 "TOO_MANY_WEBHOOK_ADDRESSES",
        "The instance has as many addresses of this webhook source as it may.",
        "Delete those that are no longer used with `DELETE /webhooks/{name}/addresses/{addressId}`.";
    SecretMissing 503 "SECRET_MISSING",
        "A required secret has not been set.",
        "Search the server's log for the request id, which names the secret. Then run `backlot secret set NAME`.";
    SecretUnreadable 500 "SECRET_UNREADABLE",
        "A required secret cannot be used.",
        "Search the server's log for the request id, which has the reason. Then run `backlot secret rotate NAME`.";
    EchoKeyInvalid 400 "ECHO_KEY_INVALID",
        "`Backlot-Echo` does not name an entity.",
        "Send one header with the entity's kind and its id, such as `contact/123`, or where the response has the id, such as `contact/{/contact/id}`, of up to 200 bytes.";
    TooManyEchoKeys 429 "TOO_MANY_ECHO_KEYS",
        "This instance has made too many calls with `Backlot-Echo` whose events have not arrived yet, so the call was not made.",
        "Wait for the seconds in Retry-After. A key is held until its event arrives, and for a minute at most.";
    LinkNotFound 404 "LINK_NOT_FOUND",
        "There is no link with this id.",
        "Check the collection, and whether the id is an `external` or an `internal` one.";
    LinkConflict 409 "LINK_CONFLICT",
        "The two ids are in two different links, so nothing was changed.",
        "Delete one of the links in `data.links`, then send the request again.";
    InstanceNotFound 404 "INSTANCE_NOT_FOUND",
        "The instance is not known.",
        "Check the id. An instance is known from its first verified request on.";
    EventNotFound 404 "EVENT_NOT_FOUND",
        "There is no event with this number.",
        "Check the number with `backlot events list`. Events are deleted after `events.keep`.";
    DeliveryNotFound 404 "DELIVERY_NOT_FOUND",
        "There is no delivery with this id.",
        "Check the id with `backlot deliveries list`. Deliveries are deleted with their events, after `events.keep`.";
    DeliveryEnded 409 "DELIVERY_ENDED",
        "The delivery has ended, so it cannot be changed.",
        "Deliver the event again with `backlot events replay`.";
    ParameterInvalid 400 "PARAMETER_INVALID",
        "A parameter of the request cannot be read.",
        "`data.cause` names it. docs/http-api.md lists the parameters.";
    StorageFull 507 "STORAGE_FULL",
        "The database is out of space, so nothing was changed.",
        "Free space on the disk of the data folder. No restart is needed.";
    DatabaseUnavailable 503 "DATABASE_UNAVAILABLE",
        "The database does not answer. It is not known whether a change was made.",
        "Try again after the seconds in Retry-After. If this persists, search the server's log for the request id.";
    DatabaseBusy 503 "DATABASE_BUSY",
        "Too many writes are waiting for the database, so nothing was changed.",
        "Try again after the seconds in Retry-After.";
    Internal 500 "INTERNAL",
        "An internal error occurred.",
        "Search the server's log for the request id.";
    UpstreamUnreachable 502 "UPSTREAM_UNREACHABLE",
        "Your own server does not answer.",
        "Start it, or correct `upstream` in the `[[api]]` entry. If it is running, search the server's log for the request id, which has the reason. Over https, its certificate may be for another name, or from an authority that this machine does not trust.";
    UpstreamBroken 502 "UPSTREAM_BROKEN",
        "Your own server closed the connection before it responded.",
        "Search its log for the request id.";
    UpstreamHeadTooLarge 502 "UPSTREAM_HEAD_TOO_LARGE",
        "The response of your own server has too many header lines, or too large ones.",
        "Send fewer: up to 256 lines and 128 KiB are forwarded.";
    UpstreamTimeout 504 "UPSTREAM_TIMEOUT",
        "Your own server did not respond in time.",
        "Make it faster, or raise `timeout` in the `[[api]]` entry.";
    NotReady 503 "NOT_READY",
        "The server is shutting down.",
        "Send the request again. Another server, or this one after its restart, will handle it.";
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
