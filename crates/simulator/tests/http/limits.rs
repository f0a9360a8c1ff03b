//! So many requests a minute for each instance.

use serde_json::json;

use crate::harness::{BAKERY, STUDIO, Simulator, client_credentials};

#[tokio::test]
async fn two_hundred_a_minute() {
    let simulator = Simulator::new();
    let owner = simulator.token(BAKERY, "owner").await;
    let app = simulator.token(BAKERY, "app").await;
    for number in 0..200 {
        let token = if number % 2 == 0 { &owner } else { &app };
        assert_eq!(simulator.get("/a", token).await.status, 200);
    }
    simulator.advance(20);
    let response = simulator.get("/a", &app).await;
    assert_eq!(
        (response.status.as_u16(), response.code()),
        (429, "RESOURCE_EXHAUSTED")
    );
    assert_eq!(response.headers["retry-after"], "40");
    let studio = simulator.token(STUDIO, "app").await;
    assert_eq!(
        simulator.get("/a", &studio).await.status,
        200,
        "each its own"
    );
    assert_eq!(
        simulator.grant(&client_credentials(BAKERY)).await.status,
        200
    );
    assert_eq!(simulator.token_info(&app).await.status, 200);
    simulator.advance(40);
    assert_eq!(
        simulator.get("/a", &app).await.status,
        200,
        "the window slid"
    );
}

#[tokio::test]
async fn the_number_can_be_set_and_the_time_left_out() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let changes = json!({ "requestsPerMinute": 1, "retryAfter": false });
    simulator.set_faults(changes).await;
    assert_eq!(simulator.get("/a", &token).await.status, 200);
    let response = simulator.get("/a", &token).await;
    assert_eq!(response.status, 429);
    assert!(!response.headers.contains_key("retry-after"));
    simulator
        .set_faults(json!({ "requestsPerMinute": 0 }))
        .await;
    for _ in 0..300 {
        assert_eq!(simulator.get("/a", &token).await.status, 200);
    }
}
