"""OpenAI's Python SDK, `responses`, against the gateway, unchanged but for the base URL and the key.

Started by responses-python.test.mjs, one test at a time.
"""

import os
import unittest
import uuid

import openai
from openai import OpenAI

from fake import GATEWAY, asked, until_cancelled, words

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "strict": False,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


def client(**options):
    options = {"api_key": os.environ["GATEWAY_TOKEN"], "max_retries": 0} | options
    return OpenAI(base_url=f"{GATEWAY}/v1", **options)


class Sdk(unittest.TestCase):
    def test_an_answer_with_its_usage(self):
        response = client().responses.create(
            model="openclaw", input="FAKE_TOKENS:7; hi"
        )
        self.assertEqual((response.object, response.status), ("response", "completed"))
        self.assertEqual(response.output_text, words(7))
        self.assertEqual(response.usage.output_tokens, 7)
        self.assertEqual(
            response.usage.total_tokens, response.usage.input_tokens + 7
        )

    def test_events_of_a_stream_come_in_order(self):
        stream = client().responses.create(
            model="openclaw", input="FAKE_TOKENS:12;FAKE_DELAY:5; hi", stream=True
        )
        events = list(stream)
        self.assertEqual(
            [event.sequence_number for event in events], list(range(len(events)))
        )
        kinds = [event.type for event in events]
        self.assertEqual(kinds[:2], ["response.created", "response.in_progress"])
        self.assertEqual(kinds[-1], "response.completed")
        text = "".join(
            event.delta for event in events if event.type == "response.output_text.delta"
        )
        self.assertEqual(text, words(12))
        self.assertEqual(events[-1].response.output_text, words(12))

    def test_the_stream_helper_puts_it_together(self):
        with client().responses.stream(
            model="openclaw", input="FAKE_TOKENS:9; hi"
        ) as stream:
            for _ in stream:
                pass
            self.assertEqual(stream.get_final_response().output_text, words(9))

    def test_a_tool_and_its_result(self):
        marker = f"tool-{uuid.uuid4()}"
        first = client().responses.create(
            model="openclaw",
            input=f'FAKE_TOOL:get_weather:{{"city":"Ghent"}}; {marker}',
            tools=[WEATHER],
        )
        calls = [item for item in first.output if item.type == "function_call"]
        self.assertEqual([call.name for call in calls], ["get_weather"])
        self.assertEqual(calls[0].arguments, '{"city":"Ghent"}')
        second = client().responses.create(
            model="openclaw",
            previous_response_id=first.id,
            tools=[WEATHER],
            input=[
                {
                    "type": "function_call_output",
                    "call_id": calls[0].call_id,
                    "output": f"rain, said {marker}",
                }
            ],
        )
        self.assertEqual(second.status, "completed")
        seen = asked(f"rain, said {marker}")["body"]["messages"]
        results = [message for message in seen if message["role"] == "tool"]
        self.assertEqual(results[-1]["tool_call_id"], calls[0].call_id)

    def test_a_response_is_kept_listed_and_deleted(self):
        made = client().responses.create(model="openclaw", input="FAKE_TOKENS:3; keep")
        self.assertEqual(client().responses.retrieve(made.id).output_text, words(3))
        items = client().responses.input_items.list(made.id).data
        self.assertEqual(items[0].content[0].text, "FAKE_TOKENS:3; keep")
        client().responses.delete(made.id)
        with self.assertRaises(openai.NotFoundError):
            client().responses.retrieve(made.id)

    def test_instructions_reach_the_model(self):
        marker = f"told-{uuid.uuid4()}"
        client().responses.create(
            model="openclaw", instructions=f"Answer in Dutch, {marker}.", input="hi"
        )
        first = asked(marker)["body"]["messages"][0]
        self.assertEqual(first["role"], "system")
        self.assertIn(marker, first["content"])

    def test_errors_have_their_classes(self):
        with self.assertRaises(openai.AuthenticationError):
            client(api_key="wrong").responses.create(model="openclaw", input="hi")
        with self.assertRaises(openai.BadRequestError):
            client().responses.create(model="openclaw", input=[])
        with self.assertRaises(openai.NotFoundError):
            client().responses.retrieve("resp_nobody_made_this")

    def test_leaving_a_stream_stops_the_model(self):
        marker = f"leave-{uuid.uuid4()}"
        stream = client().responses.create(
            model="openclaw",
            input=f"FAKE_TOKENS:2000;FAKE_DELAY:20; {marker}",
            stream=True,
        )
        for event in stream:
            if event.type == "response.output_text.delta":
                break
        stream.close()
        until_cancelled(marker)
