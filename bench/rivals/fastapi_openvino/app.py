"""POST /analyze-sentiment in FastAPI, with the model that Starling runs: the same file, the same tokens, the same precision.

  MODEL      folder of the model package
  INSTANCES  infer requests, and threads that wait for them; one processor thread each
  BATCHING   each: a request runs its own texts, as soon as an instance is free
             micro: a free instance takes all that waits, at most 32 texts
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from classifier import Classifier
from fastapi import FastAPI
from pydantic import BaseModel, Field

INSTANCES = int(os.environ["INSTANCES"])
MAX_BATCH = 32


class AnalyzeSentimentRequest(BaseModel):
    texts: Annotated[list[str], Field(min_length=1)]


class SentimentResult(BaseModel):
    text: str
    sentiment: Literal["positive", "negative", "neutral"]
    confidence: Annotated[float, Field(ge=0, le=1)]


class AnalyzeSentimentResponse(BaseModel):
    results: list[SentimentResult]


class Each:
    """One run for each request."""

    def __init__(self):
        self.classifier = Classifier(os.environ["MODEL"], INSTANCES)
        self.threads = ThreadPoolExecutor(INSTANCES)

    async def classify(self, texts):
        return await asyncio.get_running_loop().run_in_executor(self.threads, self.classifier.classify, texts)


class Micro(Each):
    """One run for all that waits when an instance becomes free."""

    def __init__(self):
        super().__init__()
        self.waiting = asyncio.Queue()
        self.workers = [asyncio.create_task(self._work()) for _ in range(INSTANCES)]

    async def classify(self, texts):
        future = asyncio.get_running_loop().create_future()
        self.waiting.put_nowait((texts, future))
        return await future

    async def _work(self):
        while True:
            batch = [await self.waiting.get()]
            size = len(batch[0][0])
            while size < MAX_BATCH and not self.waiting.empty():
                batch.append(self.waiting.get_nowait())
                size += len(batch[-1][0])
            try:
                results = iter(await super().classify([text for texts, _ in batch for text in texts]))
                for texts, future in batch:
                    answer = [next(results) for _ in texts]
                    if not future.done():
                        future.set_result(answer)
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)


@asynccontextmanager
async def lifespan(application):
    application.state.classifier = {"each": Each, "micro": Micro}[os.environ["BATCHING"]]()
    yield


app = FastAPI(lifespan=lifespan)


@app.post("/analyze-sentiment")
async def analyze_sentiment(request: AnalyzeSentimentRequest) -> AnalyzeSentimentResponse:
    judged = await app.state.classifier.classify(request.texts)
    results = [
        SentimentResult(text=text, sentiment=label, confidence=confidence)
        for text, (label, confidence) in zip(request.texts, judged, strict=True)
    ]
    return AnalyzeSentimentResponse(results=results)
