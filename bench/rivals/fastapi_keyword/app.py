"""POST /analyze-sentiment in FastAPI: the contract of api/starling/sentiment/v1/sentiment.proto, with the rule of bench/keyword."""

from typing import Annotated, Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field

POSITIVE = {"amazing", "excellent", "fantastic", "good", "great", "happy", "love", "wonderful"}
NEGATIVE = {"awful", "bad", "broken", "hate", "sad", "terrible", "worst", "poor"}


class AnalyzeSentimentRequest(BaseModel):
    texts: Annotated[list[str], Field(min_length=1)]


class SentimentResult(BaseModel):
    text: str
    sentiment: Literal["positive", "negative", "neutral"]
    confidence: Annotated[float, Field(ge=0, le=1)]


class AnalyzeSentimentResponse(BaseModel):
    results: list[SentimentResult]


def judge(text):
    lead = 0
    for word in text.lower().split(" "):
        word = word.strip(".,!?")
        if word in POSITIVE:
            lead += 1
        elif word in NEGATIVE:
            lead -= 1
    if lead == 0:
        return SentimentResult(text=text, sentiment="neutral", confidence=0.5)
    n = abs(lead)
    return SentimentResult(text=text, sentiment="positive" if lead > 0 else "negative", confidence=(n + 1) / (n + 2))


app = FastAPI()


@app.post("/analyze-sentiment")
async def analyze_sentiment(request: AnalyzeSentimentRequest) -> AnalyzeSentimentResponse:
    return AnalyzeSentimentResponse(results=[judge(text) for text in request.texts])
