"""BarentsWatch: what is current, or (with days, at most 14 back) the tracks of who crossed an area.

The historic service gives no whole days: it names the ships in an area (at most 500 km2 and 7 days), then
the track of one ship. The area is a strip across the lanes off Vardo, which whoever rounds the north of
Norway to or from Russia passes.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pipeline.fetching.base import Fetcher, Job
from pipeline.net import Answer, Refused, Unfit, as_records, require
from pipeline.raw import poll_name
from pipeline.sources.barentswatch import SOURCE

TOKENS = "https://id.barentswatch.no/connect/token"
LIVE = "https://live.ais.barentswatch.no/v1/latest/combined"
HISTORIC = "https://historic.ais.barentswatch.no/v1/historic"
DAYS_BACK = 14
# A token is renewed this long before it ends (it lasts an hour).
MARGIN = timedelta(seconds=60)
# Placed by hand: 0.2 degrees (7.4 km) wide and 0.6 degrees (67 km) high off Vardo, 490 km2. lon, lat.
AREA = [[31.3, 70.45], [31.5, 70.45], [31.5, 71.05], [31.3, 71.05], [31.3, 70.45]]


@dataclass
class Token:
    """A bearer token, asked for when it is first needed and again when it ends or is refused."""

    job: Job
    value: str = ""
    ends_at: datetime | None = None

    def ask(self, method: str, url: str, **given: Any) -> Answer:
        """One request with the token; where the service refuses it, once more with a new one."""
        if self.ends_at is None or self.job.clock.now() >= self.ends_at:
            self.renew()
        send = self.job.client.get if method == "GET" else self.job.client.post
        try:
            return send(url, headers=self._header(), **given)
        except Refused:
            self.renew()
            return send(url, headers=self._header(), **given)

    def renew(self) -> None:
        """Ask for a token with the client's credentials."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.job.keys["BARENTSWATCH_CLIENT_ID"],
            "client_secret": self.job.keys["BARENTSWATCH_CLIENT_SECRET"],
            "scope": "ais",
        }
        answer = self.job.client.post(TOKENS, form=form)
        self.value = require(answer, SOURCE, "access_token", str)
        self.job.client.hide(self.value)
        lasts = timedelta(seconds=require(answer, SOURCE, "expires_in", int))
        self.ends_at = answer.fetched_at + lasts - MARGIN

    def _header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.value}", "Accept": "application/json"}


def fetch(job: Job) -> None:
    """One poll, or the days asked for."""
    token = Token(job)
    if not job.days:
        answer = token.ask(
            "GET", LIVE, params={"modelType": "Full", "modelFormat": "Json"}, expect=as_records
        )
        job.keep_if_new("combined-", poll_name("combined-", answer.fetched_at), answer)
        return
    today = job.clock.now().date()
    oldest = today - timedelta(days=DAYS_BACK)
    if job.days[0] < oldest:
        job.say(f"barentswatch: the service remembers {DAYS_BACK} days, so those before {oldest} are gone")
    for day in job.days:
        if oldest <= day < today:
            _fetch_day(job, token, day)
        else:
            job.is_missing(day)
        job.progress.advance()


def _fetch_day(job: Job, token: Token, day: date) -> None:
    """The ships in the area on a day, then each one's track of that day."""
    begin, end = f"{day}T00:00:00Z", f"{day + timedelta(days=1)}T00:00:00Z"
    list_name = f"mmsiinarea-{day}.json"
    if not job.raw.has(list_name):
        body = {
            "polygon": {"type": "Polygon", "coordinates": [AREA]},
            "msgtimefrom": begin,
            "msgtimeto": end,
        }
        job.keep(list_name, token.ask("POST", f"{HISTORIC}/mmsiinarea", json=body, expect=_numbers))
    else:
        job.is_known()
    for mmsi in sorted(set(json.loads(job.raw.path(list_name).read_bytes()))):
        name = f"tracks-{day}-{mmsi}.json"
        if job.raw.has(name):
            job.is_known()
        else:
            job.keep(name, token.ask("GET", f"{HISTORIC}/tracks/{mmsi}/{begin}/{end}", expect=as_records))


def _numbers(answer: Answer) -> list[int]:
    """Expect a list of MMSIs."""
    found = as_records(answer)
    if not all(isinstance(mmsi, int) for mmsi in found):
        raise Unfit("the answer is no list of MMSIs")
    return found


FETCHER = Fetcher(
    SOURCE,
    fetch,
    takes="both",
    rate_per_minute=120,
    polls="hourly",
    look_back_days=DAYS_BACK - 1,
    knows_its_days=True,
)
