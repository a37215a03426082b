"""Kibana's query language as Elasticsearch queries: as much of it as the dashboards and driftlog's own links use."""

import re

_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign><=|>=|[():<>])|(?P<word>[^\s():<>"]+))'
)
_RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


def query(kql):
    """The query for an expression; that of no expression matches everything."""
    parser = _Parser(kql)
    return parser.whole() if parser.tokens else {"match_all": {}}


def fields(kql):
    """The fields that an expression names."""
    parser = _Parser(kql)
    if parser.tokens:
        parser.whole()
    return parser.fields


class _Parser:
    def __init__(self, kql):
        self.tokens, self.fields, at = [], set(), 0
        kql = kql.rstrip()
        while at < len(kql):
            match = _TOKEN.match(kql, at)
            assert match, f"not understood from {kql[at:]!r}"
            self.tokens.append(match.group().strip())
            at = match.end()

    def whole(self):
        found = self._or(self._part)
        assert not self.tokens, self.tokens
        return found

    def _next(self, *wanted):
        if self.tokens and (not wanted or self.tokens[0].lower() in wanted):
            return self.tokens.pop(0)
        return None

    def _or(self, part):
        found = [self._and(part)]
        while self._next("or"):
            found.append(self._and(part))
        return found[0] if len(found) == 1 else {"bool": {"should": found}}

    def _and(self, part):
        found = [part()]
        while self._next("and"):
            found.append(part())
        return found[0] if len(found) == 1 else {"bool": {"filter": found}}

    def _part(self):
        if self._next("not"):
            return {"bool": {"must_not": [self._part()]}}
        if self._next("("):
            found = self._or(self._part)
            assert self._next(")")
            return found
        field = _plain(self._next())
        self.fields.add(field)
        sign = self._next(":", *_RANGES)
        assert sign, f"a value of {field} is wanted at {self.tokens}"
        if sign in _RANGES:
            return {"range": {field: {_RANGES[sign]: _plain(self._next())}}}
        if self._next("("):
            found = self._or(lambda: _value(field, self._next()))
            assert self._next(")")
            return found
        return _value(field, self._next())


def _value(field, token):
    if token == "*":
        return {"exists": {"field": field}}
    return {"term": {field: _plain(token)}}


def _plain(token):
    if token.startswith('"'):
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    return {"true": True, "false": False}.get(token, token)
