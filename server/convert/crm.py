"""Contacts by their CRM side between the use cases and protobuf."""

from typing import Any, cast

from kith.crm.v1 import crm_pb2 as pb

from server.convert import structs, times
from server.domain.identity import Kind
from server.usecases.crm import Card, CardChange, CardPage, CardQuery, GivenIdentity, NewCard
from store.tables.crm import IdentityRow


def query(request: pb.ListCrmContactsRequest) -> CardQuery:
    """Which contacts to list, with the contract's defaults."""
    given: dict[str, Any] = {
        name: getattr(request, name)
        for name in ("band", "warmth_min", "warmth_max", "sort", "limit")
        if request.HasField(name)
    }
    pairs = [attribute.partition(":") for attribute in request.attributes]
    return CardQuery(
        text=request.q if request.HasField("q") else None,
        tags=tuple(request.tags),
        attributes=tuple((key, value) for key, _, value in pairs),
        cursor=request.cursor or None,
        **given,
    )


def page(result: CardPage) -> pb.ListCrmContactsResponse:
    """A page of contacts, under both of its names."""
    contacts = [contact(card) for card in result.cards]
    return pb.ListCrmContactsResponse(
        contacts=contacts, items=contacts, limit=result.limit, next_cursor=result.next_cursor, sort=result.sort
    )


def contact(card: Card) -> pb.CrmContact:
    """One contact."""
    row = card.row
    return pb.CrmContact(
        id=row.contact_id,
        name=row.display_name,
        title=row.title,
        tags=row.tags,
        attributes=structs.to_proto(row.attributes),
        identities=[identity(one) for one in card.identities],
        channel=row.channel,
        language=row.language,
        time_zone=row.time_zone,
        warmth=card.warmth,
        warmth_band=card.band,
        next_band_at=times.optional(card.next_band_at),
        last_touch_at=times.optional(row.last_touch_at),
        created_at=times.to_proto(row.created_at),
    )


def identity(row: IdentityRow) -> pb.Identity:
    """One identity."""
    return pb.Identity(
        id=row.identity_id,
        kind=row.kind,
        value=row.value,
        system=row.system or None,
        raw=row.raw,
        unreadable=row.unreadable,
        created_at=times.to_proto(row.created_at),
    )


def given(message: pb.NewIdentity | pb.AddIdentityRequest | pb.FindCrmContactRequest) -> GivenIdentity:
    """An identity as it was given."""
    return GivenIdentity(
        kind=cast(Kind, message.kind),
        value=message.value,
        system=message.system if message.HasField("system") else None,
        region=message.region if message.HasField("region") else None,
    )


def new(request: pb.CreateCrmContactRequest) -> NewCard:
    """What is told of a new contact."""
    return NewCard(
        identities=[given(one) for one in request.identities],
        name=request.name if request.HasField("name") else None,
        title=request.title if request.HasField("title") else None,
        tags=tuple(request.tags),
        attributes=structs.from_proto(request.attributes),
        language=request.language if request.HasField("language") else None,
        time_zone=request.time_zone if request.HasField("time_zone") else None,
    )


def change(request: pb.UpdateCrmContactRequest) -> CardChange:
    """What is to change."""
    return CardChange(
        name=request.name if request.HasField("name") else None,
        title=request.title if request.HasField("title") else None,
        tags=tuple(request.tags.set) if request.HasField("tags") else None,
        attributes=structs.from_proto(request.attributes) if request.HasField("attributes") else None,
        language=request.language if request.HasField("language") else None,
        time_zone=request.time_zone if request.HasField("time_zone") else None,
    )
