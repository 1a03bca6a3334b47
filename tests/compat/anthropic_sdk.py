"""Anthropic's Python SDK against the gateway, unchanged but for the base URL and the key.

Started by anthropic-python.test.mjs, one test at a time.
"""

import os
import unittest
import uuid

import anthropic
from anthropic import Anthropic

from fake import GATEWAY, asked, until_cancelled, words

WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


def client(**options):
    options = {"api_key": os.environ["GATEWAY_TOKEN"], "max_retries": 0} | options
    return Anthropic(base_url=GATEWAY, **options)


def ask(content, **more):
    messages = [{"role": "user", "content": content}]
    return {"model": "openclaw", "max_tokens": 500, "messages": messages} | more


class Sdk(unittest.TestCase):
    def test_an_answer_with_its_usage(self):
        message = client().messages.create(**ask("FAKE_TOKENS:7; hi"))
        self.assertEqual((message.role, message.stop_reason), ("assistant", "end_turn"))
        self.assertEqual([block.text for block in message.content], [words(7)])
        self.assertEqual(message.usage.output_tokens, 7)

    def test_the_stream_helper_puts_the_same_answer_together(self):
        with client().messages.stream(**ask("FAKE_TOKENS:25;FAKE_DELAY:5; hi")) as stream:
            pieces = list(stream.text_stream)
            message = stream.get_final_message()
        self.assertGreaterEqual(len(pieces), 5)
        self.assertEqual("".join(pieces), words(25))
        self.assertEqual(message.content[0].text, words(25))
        self.assertEqual(message.usage.output_tokens, 25)

    def test_events_come_in_order(self):
        kinds = [
            event.type
            for event in client().messages.create(**ask("FAKE_TOKENS:3; hi"), stream=True)
            if event.type != "ping"
        ]
        self.assertEqual(kinds[:2], ["message_start", "content_block_start"])
        self.assertEqual(
            kinds[-3:], ["content_block_stop", "message_delta", "message_stop"]
        )
        self.assertEqual(set(kinds[2:-3]), {"content_block_delta"})

    def test_a_tool_and_its_result(self):
        marker = f"tool-{uuid.uuid4()}"
        question = f'FAKE_TOOL:get_weather:{{"city":"Ghent"}}; {marker}'
        called = client().messages.create(**ask(question, tools=[WEATHER]))
        self.assertEqual(called.stop_reason, "tool_use")
        call = next(block for block in called.content if block.type == "tool_use")
        self.assertEqual((call.name, call.input), ("get_weather", {"city": "Ghent"}))
        result = {
            "type": "tool_result",
            "tool_use_id": call.id,
            "content": f"rain, said {marker}",
        }
        client().messages.create(
            model="openclaw",
            max_tokens=500,
            tools=[WEATHER],
            messages=[
                {"role": "user", "content": question},
                {"role": "assistant", "content": called.content},
                {"role": "user", "content": [result]},
            ],
        )
        seen = asked(f"rain, said {marker}")["body"]["messages"]
        results = [message for message in seen if message["role"] == "tool"]
        self.assertEqual(results[-1]["tool_call_id"], call.id)

    def test_the_system_prompt_reaches_the_model(self):
        marker = f"told-{uuid.uuid4()}"
        client().messages.create(**ask("hi", system=f"Answer in Dutch, {marker}."))
        self.assertIn(marker, asked(marker)["body"]["messages"][0]["content"])

    def test_what_there_is_to_read_is_counted(self):
        short = client().messages.count_tokens(
            model="openclaw", messages=[{"role": "user", "content": "hi"}]
        )
        long = client().messages.count_tokens(
            model="openclaw", messages=[{"role": "user", "content": "hi " * 500}]
        )
        self.assertGreater(short.input_tokens, 0)
        self.assertGreater(long.input_tokens, short.input_tokens + 100)

    def test_errors_have_their_classes(self):
        with self.assertRaises(anthropic.AuthenticationError):
            client(api_key="wrong").messages.create(**ask("hi"))
        with self.assertRaises(anthropic.BadRequestError):
            client().messages.create(model="openclaw", max_tokens=5, messages=[])
        with self.assertRaises(anthropic.NotFoundError):
            client().messages.create(**(ask("hi") | {"model": "openclaw:nobody"}))

    def test_leaving_a_stream_stops_the_model(self):
        marker = f"leave-{uuid.uuid4()}"
        question = ask(f"FAKE_TOKENS:2000;FAKE_DELAY:20; {marker}", max_tokens=5000)
        with client().messages.stream(**question) as stream:
            next(iter(stream.text_stream))
        until_cancelled(marker)
