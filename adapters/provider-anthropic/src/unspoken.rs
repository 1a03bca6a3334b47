//! What the protocol has no words for.

use ports::driven::{Sampling, Setting, Unspoken};

use crate::thinking::Told;

/// The first of the wishes in `sampling` that would be left out although it makes
/// a difference, where the model is told to think so.
pub(crate) fn of(sampling: &Sampling, told: Told) -> Option<Unspoken> {
    const NOTHING: &str = "there is no word for it in Anthropic's protocol,";
    const THINKS: &str = "it cannot be chosen while the model thinks,";

    let Sampling { temperature, top_p, frequency_penalty, presence_penalty, seed, stop, .. } =
        sampling;
    let thinks = told != Told::Nothing;
    let differs = |value: &Option<f64>, usual: f64| {
        value.is_some_and(|value| f64::EPSILON < (value - usual).abs())
    };
    #[rustfmt::skip]
    let table = [
        (Setting::FrequencyPenalty, NOTHING, differs(frequency_penalty, 0.0)),
        (Setting::PresencePenalty,  NOTHING, differs(presence_penalty, 0.0)),
        (Setting::Seed,             NOTHING, seed.is_some()),
        (Setting::Temperature,      "it ends at 1", temperature.is_some_and(|it| 1.0 < it)),
        (Setting::Temperature,      THINKS,  thinks && differs(temperature, 1.0)),
        (Setting::TopP,             THINKS,  thinks && differs(top_p, 1.0)),
        (Setting::TopP,             "it cannot be chosen beside temperature",
                                             temperature.is_some() && differs(top_p, 1.0)),
        (Setting::TopK,             THINKS,  thinks && sampling.top_k.is_some()),
        (Setting::Stop,             "it must not be blank", stop.iter().any(|it| it.trim().is_empty())),
    ];
    let found = table.into_iter().find(|(.., is_lost)| *is_lost);
    found.map(|(setting, why, _)| Unspoken { setting, why })
}

#[test]
fn what_makes_a_difference_is_not_left_out() {
    use domain::session::Thinking::High;

    let plain = Sampling::default;
    let (silent, thinks) = (Told::Nothing, Told::Budget(High));
    #[rustfmt::skip]
    let table = [
        (plain(),                                                                      silent, None),
        (plain(),                                                                      thinks, None),
        (Sampling { temperature: Some(1.0), top_p: Some(1.0), ..plain() },             thinks, None),
        (Sampling { temperature: Some(0.2), top_k: Some(5), ..plain() },               silent, None),
        (Sampling { frequency_penalty: Some(0.0), presence_penalty: Some(0.0), ..plain() }, silent, None),
        (Sampling { stop: vec!["END".to_owned()], ..plain() },                         silent, None),
        (Sampling { temperature: Some(1.1), ..plain() },                               silent, Some(Setting::Temperature)),
        (Sampling { temperature: Some(0.2), ..plain() },                               thinks, Some(Setting::Temperature)),
        (Sampling { temperature: Some(0.2), top_p: Some(0.9), ..plain() },             silent, Some(Setting::TopP)),
        (Sampling { top_p: Some(0.9), ..plain() },                                     thinks, Some(Setting::TopP)),
        (Sampling { top_k: Some(5), ..plain() },                                       thinks, Some(Setting::TopK)),
        (Sampling { frequency_penalty: Some(0.1), ..plain() },                         silent, Some(Setting::FrequencyPenalty)),
        (Sampling { presence_penalty: Some(-0.1), ..plain() },                         silent, Some(Setting::PresencePenalty)),
        (Sampling { seed: Some(0), ..plain() },                                        silent, Some(Setting::Seed)),
        (Sampling { stop: vec!["\n".to_owned()], ..plain() },                          silent, Some(Setting::Stop)),
    ];
    for (sampling, told, setting) in table {
        let found = of(&sampling, told).map(|unspoken| unspoken.setting);
        assert_eq!(found, setting, "{sampling:?} {told:?}");
    }
}
