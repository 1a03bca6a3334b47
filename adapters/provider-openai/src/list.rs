//! The list of models a server offers.

use ports::driven::ModelInfo;
use serde::Deserialize;

/// The models in `body`, the answer to `GET {base}/models`.
pub(crate) fn read(body: &[u8]) -> serde_json::Result<Vec<ModelInfo>> {
    let list: List = serde_json::from_slice(body)?;
    Ok(list.data.unwrap_or_default().into_iter().map(ModelInfo::from).collect())
}

#[derive(Deserialize)]
struct List {
    // Ollama without models says null.
    data: Option<Vec<Model>>,
}

/// The first line is the protocol; the others are what some servers add.
#[derive(Deserialize)]
struct Model {
    id: String,
    name: Option<String>,
    context_length: Option<u64>,
    max_model_len: Option<u64>,
    #[serde(default)]
    supported_parameters: Vec<String>,
    architecture: Option<Architecture>,
    top_provider: Option<TopProvider>,
}

#[derive(Deserialize)]
struct Architecture {
    #[serde(default)]
    input_modalities: Vec<String>,
}

#[derive(Deserialize)]
struct TopProvider {
    max_completion_tokens: Option<u64>,
}

impl From<Model> for ModelInfo {
    fn from(model: Model) -> Self {
        let input = model.architecture.map(|architecture| architecture.input_modalities);
        let input = input.filter(|input| !input.is_empty());
        Self {
            name: model.name.unwrap_or_else(|| model.id.clone()),
            id: model.id,
            context_window: model.context_length.or(model.max_model_len),
            max_tokens: model.top_provider.and_then(|top| top.max_completion_tokens),
            reasoning: model.supported_parameters.iter().any(|name| name == "reasoning"),
            input: input.unwrap_or_else(|| vec!["text".to_owned()]),
        }
    }
}

#[test]
fn servers_say_more_or_less_about_their_models() {
    let text = |id: &str| ModelInfo {
        id: id.to_owned(),
        name: id.to_owned(),
        input: vec!["text".to_owned()],
        ..ModelInfo::default()
    };
    let ollama = br#"{"object":"list","data":[{"id":"qwen3:8b","object":"model","created":1,"owned_by":"library"}]}"#;
    assert_eq!(read(ollama).unwrap(), [text("qwen3:8b")]);
    assert_eq!(read(br#"{"object":"list","data":null}"#).unwrap(), []);

    let vllm = br#"{"object":"list","data":[{"id":"m","max_model_len":4096,"permission":[]}]}"#;
    assert_eq!(read(vllm).unwrap()[0].context_window, Some(4096));

    let openrouter = br#"{"data":[{"id":"a/b","name":"B","context_length":200000,
        "architecture":{"input_modalities":["text","image"]},"pricing":{"prompt":"0.1"},
        "supported_parameters":["tools","reasoning"],"top_provider":{"max_completion_tokens":64000}}]}"#;
    let full = ModelInfo {
        id: "a/b".to_owned(),
        name: "B".to_owned(),
        context_window: Some(200_000),
        max_tokens: Some(64_000),
        reasoning: true,
        input: vec!["text".to_owned(), "image".to_owned()],
    };
    assert_eq!(read(openrouter).unwrap(), [full]);
    assert!(read(b"Ollama is running").is_err());
}
