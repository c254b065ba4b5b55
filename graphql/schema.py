"""The schema: a table of contents. `python -m pickmesh.graphql.schema` prints it, for schema.graphql."""

import sys

import graphene
from graphql import GraphQLSchema, print_schema

from pickmesh.graphql import (
    accounts,
    alerts,
    board,
    carriers,
    cartons,
    catalog,
    catalog_acts,
    catalog_codes,
    chats,
    dropship_acts,
    dropships,
    evidence,
    exceptions,
    floor,
    fulfillment_orders,
    intake,
    journal,
    leases,
    locations,
    made_orders,
    manifests,
    merging,
    mesh,
    moving,
    notices,
    offers,
    order_lists,
    packing,
    permissions,
    pick_walks,
    picking,
    printing,
    push_figures,
    relay,
    replenishment,
    review,
    review_acts,
    routing,
    stock,
    stock_acts,
    stock_lists,
    stock_units,
    tags,
    transfers,
    walls,
    wave_templates,
    waves,
    whys,
)

ROOMS = (
    accounts,
    chats,
    notices,
    catalog_acts,
    catalog_codes,
    stock_acts,
    push_figures,
    leases,
    stock_lists,
    transfers,
    replenishment,
    intake,
    fulfillment_orders,
    merging,
    exceptions,
    made_orders,
    moving,
    routing,
    locations,
    review_acts,
    tags,
    picking,
    pick_walks,
    waves,
    wave_templates,
    packing,
    cartons,
    carriers,
    manifests,
    printing,
    walls,
    floor,
    mesh,
    offers,
    dropship_acts,
    alerts,
)
MUTATIONS = tuple(mutation for room in ROOMS for mutation in room.MUTATIONS)


class Query(
    alerts.AlertsQueries,
    dropships.DropshipsQueries,
    offers.OffersQueries,
    mesh.MeshQueries,
    board.BoardQueries,
    floor.FloorQueries,
    walls.WallsQueries,
    printing.PrintingQueries,
    evidence.EvidenceQueries,
    manifests.ManifestQueries,
    carriers.CarrierQueries,
    cartons.CartonQueries,
    packing.PackingQueries,
    pick_walks.PickWalksQueries,
    picking.PickingQueries,
    waves.WavesQueries,
    wave_templates.WaveTemplateQueries,
    order_lists.OrdersQueries,
    merging.MergingQueries,
    exceptions.ExceptionsQueries,
    routing.RoutingQueries,
    review.ReviewQueries,
    replenishment.ReplenishmentQueries,
    transfers.TransferQueries,
    stock_units.StockUnitQueries,
    whys.WhysQueries,
    stock_lists.StockListsQueries,
    leases.LeasesQueries,
    push_figures.PushFiguresQueries,
    stock.StockQueries,
    catalog_codes.CatalogCodesQueries,
    catalog.CatalogQueries,
    chats.ChatsQueries,
    notices.NoticesQueries,
    accounts.AccountsQueries,
    relay.NodeQueries,
):
    """What may be asked."""


class Subscription(
    alerts.AlertsSubscriptions,
    dropships.DropshipsSubscriptions,
    picking.PickingSubscriptions,
    waves.WavesSubscriptions,
    notices.NoticesSubscriptions,
    journal.JournalSubscriptions,
):
    """What can be watched; over WebSockets by the graphql-transport-ws protocol."""


Mutations = type(
    "Mutation",
    (graphene.ObjectType,),
    {
        "__doc__": "What may be done; each field is one unit of work: all of it happens, or nothing.",
        "field_requires": {mutation.field_name: mutation.requires for mutation in MUTATIONS},
        "answers_refusals": True,
        **{mutation.field_name: mutation.mounted() for mutation in MUTATIONS},
    },
)


def build() -> GraphQLSchema:
    """Return the schema, every resolver guarded by the permission its field names."""
    built: GraphQLSchema = graphene.Schema(query=Query, mutation=Mutations, subscription=Subscription).graphql_schema
    permissions.guard(built)
    return built


def text() -> str:
    """Return the schema in the schema definition language, as schema.graphql keeps it."""
    return print_schema(build()) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
