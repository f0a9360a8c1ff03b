//! A small page for people: no script, by day and by night, readable on a telephone.

/// What such a page may load: nothing. Its style stands in it.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                                 base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = "\
:root { color-scheme: light dark; --ground: #f2f4f4; --ink: #16211f; --link: #0b6b5d }\
@media (prefers-color-scheme: dark) { :root { --ground: #0f1514; --ink: #e7eeec; --link: #54c9b4 } }\
body { max-width: 44rem; margin: 8vh auto; padding: 0 1rem; background: var(--ground); color: var(--ink); \
font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }\
a { color: var(--link) } li { margin: .3em 0 } dt { margin-top: .6em; font-weight: 600 } dd { margin: 0 }";

/// The page with this title, and this HTML below its heading.
pub(crate) fn html(title: &str, content: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style>\
         <main><h1>{title}</h1>{content}</main></html>"
    )
}
