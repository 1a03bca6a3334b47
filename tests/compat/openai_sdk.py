"""OpenAI's Python SDK against the gateway, unchanged but for the base URL and the key.

Started by openai-python.test.mjs, one test at a time.
"""

import os
import time
import unittest
import uuid

import openai
from openai import OpenAI

from fake import GATEWAY, asked, words


def user(content):
    return [{"role": "user", "content": content}]


def client(**options):
    options = {"api_key": os.environ["GATEWAY_TOKEN"], "max_retries": 0} | options
    return OpenAI(base_url=f"{GATEWAY}/v1", **options)


class Sdk(unittest.TestCase):
    def test_an_answer_with_its_usage(self):
        completion = client().chat.completions.create(
            model="openclaw", messages=user("FAKE_TOKENS:7; hi")
        )
        choice = completion.choices[0]
        self.assertEqual(completion.object, "chat.completion")
        self.assertEqual(completion.model, "openclaw")
        self.assertEqual(choice.message.role, "assistant")
        self.assertEqual(choice.message.content, words(7))
        self.assertEqual(choice.finish_reason, "stop")
        self.assertEqual(completion.usage.completion_tokens, 7)
        self.assertEqual(
            completion.usage.total_tokens, completion.usage.prompt_tokens + 7
        )

    def test_a_streamed_answer(self):
        stream = client().chat.completions.create(
            model="openclaw",
            messages=user("FAKE_TOKENS:25;FAKE_DELAY:10; hi"),
            stream=True,
        )
        chunks = list(stream)
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        self.assertEqual(text, words(25))
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual(chunks[-1].choices[0].finish_reason, "stop")
        self.assertEqual({c.id for c in chunks}, {chunks[0].id})

    def test_usage_at_the_end_of_a_stream(self):
        chunks = list(
            client().chat.completions.create(
                model="openclaw",
                messages=user("FAKE_TOKENS:6; hi"),
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        self.assertEqual(chunks[-1].choices, [])
        self.assertEqual(chunks[-1].usage.completion_tokens, 6)
        self.assertEqual(chunks[-2].choices[0].finish_reason, "stop")

    def test_the_stream_helper_agrees(self):
        with client().chat.completions.stream(
            model="openclaw", messages=user("FAKE_TOKENS:9;FAKE_DELAY:5; hi")
        ) as stream:
            for _ in stream:
                pass
            final = stream.get_final_completion()
        self.assertEqual(final.choices[0].message.content, words(9))

    def test_closing_a_stream_lets_the_model_go(self):
        marker = f"close-{uuid.uuid4()}"
        stream = client().chat.completions.create(
            model="openclaw",
            messages=user(f"FAKE_TOKENS:400;FAKE_DELAY:25; {marker}"),
            stream=True,
        )
        for heard, _ in enumerate(stream):
            if heard == 3:
                break
        stream.close()
        deadline = time.monotonic() + 15
        while asked(marker)["state"] != "cancelled":
            self.assertLess(time.monotonic(), deadline, "the model is still at work")
            time.sleep(0.05)

    def test_an_async_client(self):
        import asyncio

        async def ask():
            async with openai.AsyncOpenAI(
                base_url=f"{GATEWAY}/v1",
                api_key=os.environ["GATEWAY_TOKEN"],
                max_retries=0,
            ) as sdk:
                answers = await asyncio.gather(
                    *(
                        sdk.chat.completions.create(
                            model="openclaw", messages=user(f"FAKE_SAY:reply{i};")
                        )
                        for i in range(5)
                    )
                )
                return [a.choices[0].message.content for a in answers]

        self.assertEqual(asyncio.run(ask()), [f"reply{i}" for i in range(5)])

    def test_a_wrong_key_is_an_authentication_error(self):
        for call in (
            lambda c: c.models.list(),
            lambda c: c.chat.completions.create(model="openclaw", messages=user("x")),
        ):
            with self.assertRaises(openai.AuthenticationError) as refused:
                call(client(api_key="wrong"))
            self.assertEqual(refused.exception.status_code, 401)

    def test_no_user_message_is_a_bad_request(self):
        with self.assertRaises(openai.BadRequestError) as refused:
            client().chat.completions.create(model="openclaw", messages=[])
        self.assertIn("Missing user message in `messages`", str(refused.exception))

    def test_a_failing_model_is_an_error(self):
        with self.assertRaises(openai.APIStatusError):
            client().chat.completions.create(
                model="openclaw", messages=user("FAKE_ERROR:400; please")
            )

    def test_models_are_listed_and_retrieved(self):
        ids = [m.id for m in client().models.list()]
        self.assertIn("openclaw", ids)
        self.assertEqual(client().models.retrieve("openclaw/main").id, "openclaw/main")
        # OpenAI says 404, the original 400.
        with self.assertRaises((openai.NotFoundError, openai.BadRequestError)):
            client().models.retrieve("no-such-model")

    @unittest.skipUnless(os.environ.get("RELAY"), "the original has no such way")
    def test_straight_to_a_provider(self):
        whole = client().chat.completions.create(
            model="fake/fake-16-0", messages=user("FAKE_TOKENS:7; hi")
        )
        self.assertTrue(whole.id.startswith("chatcmpl-fake-"))
        self.assertEqual(whole.choices[0].message.content, words(7))
        chunks = client().chat.completions.create(
            model="fake/fake-16-0", messages=user("FAKE_TOKENS:9; hi"), stream=True
        )
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        self.assertEqual(text, words(9))
        with self.assertRaises(openai.BadRequestError) as refused:
            client().chat.completions.create(
                model="fake/fake-16-0", messages=user("FAKE_ERROR:400; please")
            )
        self.assertEqual(refused.exception.code, "fake_400")

    @unittest.skipUnless(os.environ.get("RELAY"), "the original has no such way")
    def test_who_is_busy_is_asked_again(self):
        marker = f"busy-{uuid.uuid4()}"
        answer = client().chat.completions.create(
            model="fake/fake-16-0", messages=user(f"FAKE_BUSY:{marker}:1;FAKE_SAY:hello;")
        )
        self.assertEqual(answer.choices[0].message.content, "hello")

    @unittest.skipUnless(os.environ.get("RELAY"), "the original has no such way")
    def test_texts_become_numbers(self):
        # The SDK asks for base64 by itself.
        made = client().embeddings.create(
            model="fake/any", input=["a", "abc"], dimensions=3
        )
        self.assertEqual([e.embedding[0] for e in made.data], [1, 3])
        self.assertEqual(len(made.data[0].embedding), 3)


if __name__ == "__main__":
    unittest.main()
