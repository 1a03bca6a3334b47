//! What models cost, as the configuration says.

use domain::{agent::ModelRef, spending::Price};
use ports::config::Config;

/// What a token of `model` costs.
pub(crate) fn of(model: &ModelRef, config: &Config) -> Price {
    let mut providers = config.models.providers.iter();
    let provider = providers.find(|(name, _)| name.trim().to_lowercase() == model.provider());
    let models = provider.map_or(&[][..], |(_, provider)| &provider.models);
    let described = models.iter().find(|it| it.id.trim() == model.model());
    described.map_or_else(Price::default, |described| {
        let cost = &described.cost;
        Price::per_million(cost.input, cost.output, cost.cache_read, cost.cache_write)
    })
}

#[test]
fn prices_are_those_of_the_configuration() {
    let config: Config = serde_json::from_value(serde_json::json!({
        "models": { "providers": { "Local": { "models": [
            { "id": "big", "cost": { "input": 3, "output": 15 } },
            { "id": "free", "cost": { "input": 0, "output": 0 } },
            { "id": "new" },
        ] } } }
    }))
    .unwrap();
    let dollars = |model: &str| {
        let million = domain::spending::Tokens { input: 1_000_000, ..Default::default() };
        let cost = of(&model.parse().unwrap(), &config).of(million);
        cost.map(|cost| cost.total().dollars())
    };
    #[rustfmt::skip]
    let table = [
        ("local/big",   Some(3.0)),
        ("local/free",  Some(0.0)),
        ("local/new",   None),
        ("local/other", None),
        ("other/big",   None),
    ];
    for (model, expected) in table {
        assert_eq!(dollars(model), expected, "{model}");
    }
}
