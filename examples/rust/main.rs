//! A backend in Rust: Backlot with mounted routes.
//!
//! `cargo run --example rust_api -- dev` starts it with the simulator; `-- serve --config FILE` is
//! production. There is no line about CORS, signatures, tenants or tokens here: a handler that takes a
//! [`Caller`] can only run for a verified one, [`Items`] are those of its instance and with its rights, and
//! [`Wix`] makes calls as the app on its instance. An [`Event`] has the same for the instance that it is of.

use std::error::Error;
use std::process::ExitCode;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use backlot::{Backlot, Caller, Event, Items, ItemsError, Mount, Role, Wix, WixCallError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

async fn hello(caller: Caller) -> Json<Value> {
    Json(json!({
        "message": format!("Hello from Rust, {}.", caller.role),
        "caller": { "instanceId": caller.instance_id, "role": caller.role, "userId": caller.user_id },
    }))
}

/// Owners see what others do not.
async fn report(caller: Caller, Path(year): Path<u16>) -> Result<Json<Value>, StatusCode> {
    if caller.role != Role::Owner {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok(Json(
        json!({ "year": year, "instanceId": caller.instance_id, "sales": [] }),
    ))
}

#[derive(Serialize, Deserialize)]
struct Review {
    title: String,
    rating: f64,
    product: Option<String>,
}

/// The best reviews of the caller's site, as a visitor may see them, too. The collection is the one
/// that `dev` declares for its demo page; in production it is a file, `collections/reviews.toml`.
async fn best_reviews(items: Items) -> Result<Json<Vec<Review>>, ItemsError> {
    let best = items
        .query("reviews")
        .ge("rating", 4)
        .descending("_createdDate")
        .limit(20);
    Ok(Json(best.find().await?.items))
}

/// What Wix says of the caller's site.
async fn site(wix: Wix) -> Result<Json<Value>, WixCallError> {
    let known = wix.app_instance().await?;
    Ok(Json(json!({
        "name": known.site.site_display_name,
        "url": known.site.url,
        "locale": known.site.locale,
        "plan": known.plan(),
    })))
}

/// Welcomes a new site with a first review. The event has clients for its instance, with the rights of the app. It may come
/// more than once, and is one item, since its id is the item's.
async fn welcome(event: Event) -> Result<(), Box<dyn Error + Send + Sync>> {
    let site = event.wix()?.app_instance().await?.site;
    let name = site.site_display_name.unwrap_or_default();
    let review = json!({ "_id": event.id, "title": format!("Welcome, {name}!"), "rating": 5 });
    event.items()?.save("reviews", &review).await?;
    Ok(())
}

fn main() -> ExitCode {
    let routes = Router::new()
        .route("/api/hello", get(hello))
        .route("/api/reports/{year}", get(report))
        .route("/api/reviews/best", get(best_reviews))
        .route("/api/site", get(site));
    Backlot::builder()
        .on("AppInstalled", welcome)
        .mount(Mount::new("/api", routes).allow([Role::Owner, Role::Member, Role::Visitor]))
        .main()
}
