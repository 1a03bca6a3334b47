//! The list of models the service offers.

use ports::driven::ModelInfo;
use serde::Deserialize;

#[derive(Deserialize)]
struct List {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
    display_name: Option<String>,
}

/// The models in `body`, the answer to `GET /v1/models`.
pub(crate) fn read(body: &[u8]) -> serde_json::Result<Vec<ModelInfo>> {
    let list: List = serde_json::from_slice(body)?;
    let info = |model: Model| ModelInfo {
        name: model.display_name.unwrap_or_else(|| model.id.clone()),
        id: model.id,
        ..ModelInfo::default()
    };
    Ok(list.data.into_iter().map(info).collect())
}

#[test]
fn a_model_without_a_name_is_called_by_its_id() {
    let body =
        br#"{ "data": [{ "id": "a", "display_name": "A" }, { "id": "b" }], "has_more": false }"#;
    let models = read(body).unwrap();
    let named: Vec<_> = models.iter().map(|it| (it.id.as_str(), it.name.as_str())).collect();
    assert_eq!(named, [("a", "A"), ("b", "b")]);
    assert!(read(b"{}").is_err());
}
