//! The list of models.

use serde_json::json;

use super::house::{BEARER, House};

#[tokio::test]
async fn agents_are_listed_and_retrieved_as_models() {
    let house = House::open().await;
    let model = |id: &str| json!({ "id": id, "object": "model", "created": 1_700_000_000, "owned_by": "openclaw" });
    let ids = ["openclaw", "openclaw/default", "openclaw/main", "openclaw/work"];
    let list = house.request("GET", "/v1/models", BEARER, "").await;
    assert_eq!(list.json(), json!({ "object": "list", "data": ids.map(model) }));

    for id in ids {
        for path in [id.to_owned(), id.replace('/', "%2F")] {
            let said = house.request("GET", &format!("/v1/models/{path}"), BEARER, "").await;
            assert_eq!((said.status, said.json()), (200, model(id)));
        }
    }
    for id in ["gpt-5.2", "openclaw/nobody", "openclaw%2", "..%2f..%2fetc"] {
        let said = house.request("GET", &format!("/v1/models/{id}"), BEARER, "").await;
        let error = &said.json()["error"];
        assert_eq!((said.status, &error["code"]), (404, &json!("model_not_found")), "{id}");
    }
}
