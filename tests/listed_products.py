"""Products of the AWS Price List in the shape that GetProducts answers with, as seen in its answers of 2026."""

from typing import Any
from zlib import crc32

NOVA = {"model": "Nova Lite", "provider": "Amazon"}
NOVA_2 = {"model": "Nova 2.0 Lite", "provider": "Amazon"}
QWEN = {"model": "Qwen3 32B"}
HAIKU = {"servicename": "Claude Haiku 4.5 (Amazon Bedrock Edition)"}
OPUS = {"servicename": "Claude Opus 5.5 (Amazon Bedrock Edition)"}


def product(
    usagetype: str,
    usd: str,
    about: dict[str, str],
    *,
    service: str = "AmazonBedrock",
    unit: str = "1K tokens",
    region: str = "us-east-1",
    effective: str = "2026-10-01",
    published: str = "2026-11-05",
    **attributes: str,
) -> dict[str, Any]:
    """One product with one price on demand."""
    sku = f"{crc32(f'{usagetype} {region} {usd}'.encode()):08X}"
    rate = f"{sku}.JRTCKXETXF.6YS6EN2CT7"
    return {
        "product": {
            "productFamily": "Amazon Bedrock",
            "attributes": {
                "regionCode": region,
                "servicecode": service,
                "servicename": "Amazon Bedrock",
                "usagetype": usagetype,
                "locationType": "AWS Region",
                "operation": "",
                **about,
                **attributes,
            },
            "sku": sku,
        },
        "serviceCode": service,
        "terms": {
            "OnDemand": {
                f"{sku}.JRTCKXETXF": {
                    "priceDimensions": {
                        rate: {
                            "unit": unit,
                            "beginRange": "0",
                            "endRange": "Inf",
                            "description": f"${usd} per {unit} for {usagetype}",
                            "appliesTo": [],
                            "rateCode": rate,
                            "pricePerUnit": {"USD": usd},
                        }
                    },
                    "sku": sku,
                    "effectiveDate": f"{effective}T00:00:00Z",
                    "offerTermCode": "JRTCKXETXF",
                    "termAttributes": {},
                }
            }
        },
        "version": "20261105000000",
        "publicationDate": f"{published}T00:00:00Z",
    }


def marketplace(usagetype: str, usd: str, about: dict[str, str], **other: Any) -> dict[str, Any]:
    """A product of a model that is sold through the AWS Marketplace: a unit is a million tokens."""
    return product(
        usagetype, usd, about, **{"service": "AmazonBedrockFoundationModels", "unit": "Units"} | other
    )


def all_products() -> list[dict[str, Any]]:
    """Of five models, with what stands beside them in the list."""
    on_demand, batch = {"feature": "On-demand Inference"}, {"feature": "Batch Inference"}
    return [
        product("USE1-NovaLite-input-tokens", "0.0000600000", NOVA, inferenceType="Input tokens", **on_demand),
        product("USE1-NovaLite-output-tokens", "0.0002400000", NOVA, inferenceType="Output tokens", **on_demand),
        product("USE1-NovaLite-input-tokens-batch", "0.0000300000", NOVA, inferenceType="Input tokens", **batch),
        product("USE1-NovaLite-output-tokens-batch", "0.0001200000", NOVA, inferenceType="Output tokens", **batch),
        product("USE1-NovaLite-input-tokens-flex", "0.0000300000", NOVA, **on_demand),
        product("USE1-NovaLite-output-tokens-flex", "0.0001200000", NOVA, **on_demand),
        product("USE1-NovaLite-input-tokens-priority", "0.0001050000", NOVA, **on_demand),
        product("USE1-NovaLite-output-tokens-priority", "0.0004200000", NOVA, **on_demand),
        product("USE1-NovaLite-input-tokens-latency-optimized", "0.0000750000", NOVA, **on_demand),
        product("USE1-NovaLite-output-tokens-latency-optimized", "0.0003000000", NOVA, **on_demand),
        product("USE1-NovaLite-cache-read-input-token-count", "0.0000150000", NOVA, **on_demand),
        product("USE1-NovaLite-cache-write-input-token-count", "0.0000000000", NOVA, **on_demand),
        product("USE1-NovaLite-input-tokens-custom-model", "0.0000900000", NOVA, feature="Model Customization"),
        product("USE1-NovaLite-Customization-Training", "0.0010000000", NOVA, feature="Model Customization"),
        product("USE1-NovaLite-ProvisionedThroughput-NoCommit-ModelUnits", "60.5", NOVA, unit="hour"),
        product("USE1-Nova2.0Lite-input-tokens", "0.0003300000", NOVA_2),
        product("USE1-Nova2.0Lite-output-tokens", "0.0027500000", NOVA_2),
        product("USE1-Nova2.0Lite-input-tokens-cross-region-global", "0.0003000000", NOVA_2),
        product("USE1-Nova2.0Lite-output-tokens-cross-region-global", "0.0025000000", NOVA_2),
        product("USE1-Nova2.0Lite-input-tokens-priority-cross-region-global", "0.0005250000", NOVA_2),
        product("USE1-Nova2.0Lite-output-tokens-priority-cross-region-global", "0.0043750000", NOVA_2),
        product("USE1-NovaSonic-speech-understanding-input-token", "0.0034", {"model": "Nova Sonic"}),
        product("USE1-Nova2.0Omni-input-audio-token-count", "0.001", {"model": "Nova 2.0 Omni"}),
        product("USE1-Qwen3-32B-input-tokens", "0.0001500000", QWEN, inferenceType="Input tokens"),
        product("USE1-Qwen3-32B-output-tokens", "0.0006000000", QWEN, inferenceType="Output tokens"),
        product("USE1-qwen.qwen3-32b-mantle-input-tokens-standard", "0.15", {"provider": "Qwen"}, unit="1M tokens"),
        product("USE1-qwen.qwen3-32b-mantle-output-tokens-standard", "0.60", {"provider": "Qwen"}, unit="1000000 Tokens"),
        product("USE1-qwen.qwen3-32b-mantle-input-tokens-flex", "0.075", {"provider": "Qwen"}, unit="1M tokens"),
        product("USE1-qwen.qwen3-32b-mantle-output-tokens-flex", "0.30", {"provider": "Qwen"}, unit="1M tokens"),
        marketplace("USE1-MP:USE1_InputTokenCount-Units", "1.1000000000", HAIKU),
        marketplace("USE1-MP:USE1_OutputTokenCount-Units", "5.5000000000", HAIKU),
        marketplace("USE1-MP:USE1_InputTokenCount_Global-Units", "1.0000000000", HAIKU),
        marketplace("USE1-MP:USE1_OutputTokenCount_Global-Units", "5.0000000000", HAIKU),
        marketplace("USE1-MP:USE1_InputTokenCount_Global_Batch-Units", "0.5000000000", HAIKU),
        marketplace("USE1-MP:USE1_OutputTokenCount_Global_Batch-Units", "2.5000000000", HAIKU),
        marketplace("USE1-MP:USE1_CacheReadInputTokenCount_Global-Units", "0.1000000000", HAIKU),
        marketplace("USE1-MP:USE1_CacheWriteInputTokenCount_Global-Units", "1.2500000000", HAIKU),
        marketplace("USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units", "2.0000000000", HAIKU),
        marketplace("USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units", "0.1980000000", HAIKU),
        marketplace("USE1-MP:USE1_ProvisionedThroughput_NoCommit_ModelUnits_Usage-Units", "44.0", HAIKU),
        marketplace("USE1-MP:USE1_input_tokens_standard-Units", "4.4000000000", OPUS),
        marketplace("USE1-MP:USE1_output_tokens_standard-Units", "22.0000000000", OPUS),
        marketplace("USE1-MP:USE1_input_tokens_long_ctx_standard-Units", "22.0000000000", OPUS),
        marketplace("USE1-MP:USE1_output_tokens_long_ctx_standard-Units", "110.0000000000", OPUS),
        marketplace("USE1-MP:USE1_cache_write_tokens_standard-Units", "5.5000000000", OPUS),
        marketplace("USE1-MP:USE1_cache_write_tokens_1h_standard-Units", "8.8000000000", OPUS),
    ]  # fmt: skip
