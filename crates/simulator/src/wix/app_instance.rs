//! `GET /apps/v1/instance`: the installation and its site. For the app itself only.
//!
//! Source: Wix's sample, and typings of `@wix/auto_sdk_app-management_app-instances` 1.0.49.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use backlot_wix::AppInstance;
use backlot_wix::app_instance::{
    AvailablePlan, Billing, FreeTrial, Installation, Multilingual, OwnerInfo, Site,
};

use super::caller::Caller;
use super::refusal::{forbidden, refuse};
use crate::Stage;
use crate::memory::SiteNow;

/// What the person granted, as Wix writes it.
const PERMISSIONS: [&str; 3] = [
    "WIX_DEVELOPERS.CREATE_CHECKOUT",
    "WIX_DEVELOPERS.MANAGE_APP_INSTANCE",
    "WIX_DEVELOPERS.MANAGE_CHARGE",
];

pub(super) fn get(stage: &Stage, caller: &Caller) -> Response {
    if !caller.is_app() {
        return forbidden("Only the app itself may read its instance: elevate first.");
    }
    let Some(site) = caller.site(stage) else {
        let message = "There is no site with this instance.";
        return refuse(StatusCode::NOT_FOUND, "NOT_FOUND", message);
    };
    let answer = AppInstance {
        instance: installation(&site, &stage.app_name),
        site: of_site(&site),
    };
    Json(answer).into_response()
}

fn installation(now: &SiteNow, app_name: &str) -> Installation {
    let plan = now.site.plan.as_deref();
    let mut plans = vec!["pro"];
    plans.extend(plan.filter(|name| *name != "pro"));
    Installation {
        instance_id: Some(now.site.instance_id.to_string()),
        app_name: Some(app_name.to_owned()),
        app_version: Some("0.0.1".to_owned()),
        is_free: Some(plan.is_none()),
        billing: plan.map(|name| billing(name, &now.plan_since)),
        permissions: PERMISSIONS.map(str::to_owned).to_vec(),
        available_plans: plans.into_iter().map(available).collect(),
        origin_instance_id: None,
        copied_from_template: Some(false),
        free_trial_available: Some(plan.is_none()),
    }
}

fn billing(plan: &str, since: &str) -> Billing {
    Billing {
        package_name: Some(plan.to_owned()),
        billing_cycle: Some("MONTHLY".to_owned()),
        time_stamp: Some(since.to_owned()),
        auto_renewing: Some(true),
        free_trial_info: Some(FreeTrial {
            status: Some("NOT_AVAILABLE".to_owned()),
            end_date: None,
        }),
        ..Billing::default()
    }
}

fn available(plan: &str) -> AvailablePlan {
    AvailablePlan {
        package_name: Some(plan.to_owned()),
        source: None,
    }
}

fn of_site(now: &SiteNow) -> Site {
    Site {
        site_id: Some(now.site.site_id.clone()),
        site_display_name: Some(now.site.site_name.clone()),
        url: Some(now.site.site_url.clone()),
        description: Some("A make-believe site of the simulator.".to_owned()),
        locale: Some(now.locale.clone()),
        payment_currency: Some(CURRENCY.to_owned()),
        installed_wix_apps: Vec::new(),
        multilingual: Some(Multilingual::default()),
        owner_info: Some(OwnerInfo {
            email: Some(owner_email(now)),
            email_status: Some("VERIFIED_OPT_IN".to_owned()),
        }),
        ..Site::default()
    }
}

/// The currency of every site.
pub(super) const CURRENCY: &str = "EUR";

/// The owner at the site's own address.
pub(super) fn owner_email(now: &SiteNow) -> String {
    let url = &now.site.site_url;
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    format!("owner@{host}")
}
