// The models that can be chosen.
import { useState } from "preact/hooks";

import { compact } from "../../i18n/format.ts";
import { t } from "../../i18n/index.ts";
import { useResource } from "../../state/resource.ts";
import { Badge, Card, Empty, Failure, Foreign, Spinner } from "../../ui/bits.tsx";
import { Button } from "../../ui/button.tsx";

const SHOWN = 12;

export function Models() {
  const models = useResource("models.list", {}, ["config.changed"]);
  const [isAll, setAll] = useState(false);
  const all = models.value.value?.models;
  return (
    <Card title={t("overview.models")}>
      {models.error.value !== null && <Failure error={models.error.value} retry={() => models.refresh()} />}
      {!all && models.error.value === null && <Spinner />}
      {all?.length === 0 && <Empty icon="spark" title={t("overview.models.none")} />}
      <ul class="models">
        {(isAll ? all : all?.slice(0, SHOWN))?.map((model) => (
          <li key={`${model.provider}/${model.id}`} data-available={model.available}>
            <div class="overview-what">
              <strong><Foreign>{model.name}</Foreign></strong>
              <small translate={false}><bdi>{model.provider}/{model.id}</bdi></small>
            </div>
            <div class="model-marks">
              {model.tags?.map((tag) => <Badge key={tag} tone="accent">{tag === "default" ? t("overview.models.default") : tag}</Badge>)}
              {!model.available && <Badge tone="warn">{t("overview.models.missing")}</Badge>}
              {model.reasoning && <Badge>{t("overview.models.thinks")}</Badge>}
              {model.input?.includes("image") && <Badge>{t("overview.models.sees")}</Badge>}
              {model.contextWindow ? <Badge>{t("overview.models.window", { tokens: compact(model.contextWindow) })}</Badge> : null}
            </div>
          </li>
        ))}
      </ul>
      {!isAll && all && all.length > SHOWN && <div><Button size="small" onClick={() => setAll(true)}>{t("overview.models.all", { count: all.length })}</Button></div>}
    </Card>
  );
}
