//! `/v1/responses`.

use domain::agent::FailureKind;
use serde_json::{Value, json};

use super::house::{
    BEARER, House, Said, asks_for, call_begins, done, failed, given, text, thought,
};

impl House {
    async fn respond(&self, body: &Value) -> Said {
        self.request("POST", "/v1/responses", BEARER, &body.to_string()).await
    }

    async fn about(&self, method: &str, rest: &str) -> Said {
        self.request(method, &format!("/v1/responses/{rest}"), BEARER, "").await
    }
}

/// The events of a stream: names and data, which agree.
fn events(said: &Said) -> Vec<Value> {
    let mut blocks: Vec<&str> = said.body.split("\n\n").filter(|it| !it.is_empty()).collect();
    assert_eq!(blocks.pop(), Some("data: [DONE]"));
    let events = blocks.into_iter().map(|block| {
        let (name, data) = block.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
        data
    });
    events.collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().map(|event| event["type"].as_str().unwrap());
    kinds.map(|kind| kind.strip_prefix("response.").unwrap()).collect()
}

#[tokio::test]
async fn an_answer_is_a_response_that_can_be_asked_for_again() {
    let house = House::open().await;
    house.says([text("hel"), done("hello")]);
    let body = json!({ "model": "openclaw", "input": "hi", "metadata": { "a": "b" } });
    let said = house.respond(&body).await;
    let response = said.json();
    assert_eq!(said.status, 200, "{response}");
    assert_eq!(response["id"], "resp_0b5c");
    assert_eq!(
        (&response["object"], &response["status"]),
        (&json!("response"), &json!("completed"))
    );
    assert_eq!(response["created_at"], 1_700_000_000);
    assert_eq!(response["metadata"], json!({ "a": "b" }));
    let item = &response["output"][0];
    assert_eq!((&item["type"], &item["role"]), (&json!("message"), &json!("assistant")));
    assert_eq!(item["content"][0]["text"], "hel", "what came in pieces is what counts");
    assert_eq!(house.asked().session.as_str(), "agent:main:openresponses:0b5c");

    let again = house.about("GET", "resp_0b5c").await;
    assert_eq!((again.status, again.json()), (200, response));
    let items = house.about("GET", "resp_0b5c/input_items").await.json();
    assert_eq!(items["data"][0]["content"][0]["text"], "hi");
    assert_eq!(items["has_more"], false);
    let late = house.about("POST", "resp_0b5c/cancel").await;
    assert_eq!(late.status, 400);

    house.says([done("so")]);
    let body = json!({ "model": "openclaw", "input": "and", "previous_response_id": "resp_0b5c" });
    assert_eq!(house.respond(&body).await.status, 200);
    let asked = house.asked();
    assert_eq!(asked.session.as_str(), "agent:main:openresponses:0b5c");
    assert!(!asked.fresh && asked.history.is_empty(), "the transcript is the history");

    assert_eq!(house.about("DELETE", "resp_0b5c").await.json()["deleted"], true);
    for (method, rest) in [("GET", "resp_0b5c"), ("DELETE", "resp_0b5c"), ("POST", "x/cancel")] {
        let gone = house.about(method, rest).await;
        assert_eq!((gone.status, &gone.json()["error"]["param"]), (404, &json!("response_id")));
    }
}

#[tokio::test]
async fn what_shall_not_be_stored_is_not_found() {
    let house = House::open().await;
    house.says([done("hello")]);
    house.respond(&json!({ "model": "openclaw", "input": "hi", "store": false })).await;
    assert_eq!(house.about("GET", "resp_0b5c").await.status, 404);
    let body = json!({ "model": "openclaw", "input": "and", "previous_response_id": "resp_0b5c" });
    let lost = house.respond(&body).await;
    assert_eq!(lost.status, 400);
    assert_eq!(lost.json()["error"]["code"], "previous_response_not_found");
}

#[tokio::test]
async fn the_events_come_in_their_order() {
    let house = House::open().await;
    house.says([
        thought("hm"),
        text("It "),
        text("rains"),
        call_begins(0, "weather"),
        given(0, "{\"city\":"),
        given(0, "\"Ghent\"}"),
        asks_for("It rains", &[("weather", "{\"city\":\"Ghent\"}")]),
    ]);
    let said = house
        .respond(&json!({
            "model": "openclaw", "stream": true, "reasoning": { "effort": "low" },
            "input": [{ "role": "user", "content": [{ "type": "input_text", "text": "hi" }] }],
            "tools": [
                { "type": "web_search", "external_web_access": true },
                { "type": "namespace", "name": "agents", "tools": [] },
                { "type": "function", "name": "weather", "parameters": {} },
            ],
            "client_metadata": { "any": "client" },
        }))
        .await;
    assert!(said.head.contains("content-type: text/event-stream"), "{}", said.head);
    let events = events(&said);
    let numbers: Vec<u64> =
        events.iter().map(|event| event["sequence_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    #[rustfmt::skip]
    assert_eq!(kinds(&events)[..12], [
        "created", "in_progress",
        "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta",
        "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done",
        "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
    ]);
    #[rustfmt::skip]
    assert_eq!(kinds(&events)[12..], [
        "output_text.done", "content_part.done", "output_item.done",
        "output_item.added", "function_call_arguments.delta", "function_call_arguments.delta",
        "function_call_arguments.done", "output_item.done", "completed",
    ]);
    let whole = &events.last().unwrap()["response"];
    let offered: Vec<_> = whole["tools"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(offered, ["weather"], "what nobody here has is left out");
    let kinds: Vec<_> = whole["output"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
    assert_eq!(kinds, ["reasoning", "message", "function_call"]);
    let call = &whole["output"][2];
    assert_eq!(
        (&call["name"], &call["arguments"]),
        (&json!("weather"), &json!("{\"city\":\"Ghent\"}"))
    );
}

#[tokio::test]
async fn a_failure_is_a_response_that_failed() {
    let house = House::open().await;
    house.says([failed(Some(FailureKind::RateLimit))]);
    let said = house.respond(&json!({ "model": "openclaw", "input": "hi" })).await;
    let response = said.json();
    assert_eq!((said.status, &response["status"]), (429, &json!("failed")));
    assert!(response["error"]["message"].is_string(), "{response}");

    house.says([text("so"), failed(None)]);
    let said = house.respond(&json!({ "model": "openclaw", "input": "hi", "stream": true })).await;
    let events = events(&said);
    assert_eq!(kinds(&events).last(), Some(&"failed"));
    assert_eq!(said.status, 200);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name() {
    let house = House::open().await;
    let with = |more: Value| {
        let mut body = json!({ "model": "openclaw", "input": "hi" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    #[rustfmt::skip]
    let table = [
        (json!({ "model": "openclaw" }),                                   "input"),
        (json!({ "input": "hi" }),                                         "model"),
        (with(json!({ "input": [] })),                                     "input"),
        (with(json!({ "input": 5 })),                                      "input"),
        (with(json!({ "colour": "red" })),                                 "colour"),
        (with(json!({ "temperature": 3 })),                                "temperature"),
        (with(json!({ "background": true })),                              "background"),
        (with(json!({ "max_output_tokens": 0 })),                          "max_output_tokens"),
        (with(json!({ "tool_choice": "required" })),                       "tool_choice"),
        (with(json!({ "tools": [{ "type": "web_search" }], "tool_choice": "required" })), "no tools"),
        (with(json!({ "tools": [{ "type": "web_search" }, { "type": "custom" }] })), "tools[1].type"),
        (with(json!({ "metadata": { "a": 1 } })),                          "metadata.a"),
        (with(json!({ "input": [{ "role": "wizard", "content": "x" }] })), "input[0].role"),
        (with(json!({ "input": [{ "type": "function_call_output", "output": "x" }] })), "call_id"),
        (with(json!({ "input": [{ "role": "user", "content": [
            { "type": "input_image", "image_url": "http://127.0.0.1/x.png" }] }] })), "input"),
        (with(json!({ "input": [{ "role": "user", "content": [
            { "type": "input_file", "filename": "x.pdf",
              "file_data": "data:application/pdf;base64,JVBERi0=" }] }] })),           "input"),
    ];
    for (body, told) in table {
        let said = house.respond(&body).await;
        let error = &said.json()["error"];
        assert_eq!(said.status, 400, "{body}: {error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(told), "{body}: {message}");
    }
}
