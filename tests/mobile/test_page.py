"""The page itself: nothing from elsewhere, no complaint of browser or policy, names for every control."""

import pytest
from mobile import phone, warehouse
from mobile.floor import Floor
from mobile.phone import Phone
from mobile.warehouse import CUP
from playwright.async_api import expect

pytestmark = pytest.mark.xdist_group("mobile")

NAMELESS = """() => [...document.querySelectorAll("button, a[href], input, select, textarea, [role=button]")]
  .filter((control) => control.checkVisibility() && !control.ariaLabel && !control.labels?.length
    && !control.innerText?.trim() && !control.title)
  .map((control) => control.outerHTML.slice(0, 120))"""
SMALL = """() => [...document.querySelectorAll(
    "button, a[href], select, summary, input:not(.unseen), label.dock-button")]
  .filter((control) => control.checkVisibility())
  .map((control) => ({box: control.getBoundingClientRect(), html: control.outerHTML.slice(0, 120)}))
  .filter(({box}) => box.width > 0 && (box.width < 47.5 || box.height < 47.5))
  .map(({box, html}) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
NARROW = {"width": 320, "height": 640}
"""The narrowest phone (WCAG 1.4.10)."""


async def look(handset: Phone, where: str) -> None:
    """Assert what holds on every screen."""
    for width in (412, NARROW["width"]):
        await handset.page.set_viewport_size({"width": width, "height": NARROW["height"] if width == 320 else 839})
        assert await handset.page.evaluate(NAMELESS) == [], where
        assert await handset.page.evaluate(SMALL) == [], f"{where} at {width}"
        assert await handset.page.evaluate(WIDER) <= 0, f"{where} at {width}"


async def assert_nothing_is_cut_off_sideways(handset: Phone) -> None:
    await handset.page.set_viewport_size({"width": 839, "height": 412})
    for name in ("camera-toggle", "type", "walk", "history"):
        await expect(handset.page.locator(f"[data-testid={name}], [data-opens={name}]")).to_be_in_viewport(ratio=1)
    await expect(handset.page.locator("header.bar .person")).to_be_in_viewport(ratio=1)
    await handset.page.locator("header.bar .person").click(trial=True)
    await handset.page.set_viewport_size({"width": 412, "height": 839})


async def assert_a_double_tap_does_one_thing(handset: Phone) -> None:
    before = len(await handset.kept())
    await handset.page.locator("[data-action=SKIP]").dblclick()
    await handset.has_kept(before + 1)
    await handset.kept_only(0)
    assert len(await handset.kept()) == before + 1


async def test_every_screen_has_named_large_controls_and_nothing_from_elsewhere(shared: Floor, handset: Phone) -> None:
    lists = shared.release("LOOK")
    await handset.page.goto(f"{shared.address}/app/")
    await expect(handset.page.get_by_test_id("camera-toggle")).to_be_visible()
    await look(handset, "pairing")
    await handset.page.evaluate("() => { location.hash = '' }")
    await handset.pair(shared.pairing_link("picker@linan"))
    await look(handset, "jobs")
    for tab in ("lookup", "settings"):
        await handset.tap(handset.page.locator(f"[data-tab={tab}]"))
        await look(handset, tab)
    await handset.tap(handset.page.locator("[data-tab=jobs]"))
    await handset.take(lists["LOOK"]["number"])
    await look(handset, "picking")
    await assert_nothing_is_cut_off_sideways(handset)
    await handset.camera(on=True)
    await expect(handset.page.get_by_test_id("camera")).to_be_visible()
    await look(handset, "camera")
    await handset.camera(on=False)
    for name in ("type", "walk", "history"):
        await handset.tap(handset.page.locator(f"[data-opens={name}]"))
        await look(handset, name)
        await handset.page.keyboard.press("Escape")
        await expect(handset.page.get_by_role("dialog")).to_have_count(0)
    await handset.scan(CUP.barcode)
    await handset.told("NEEDS_PLACE")
    await look(handset, "an answer")
    await handset.scan(warehouse.tote_label("T-0008"))
    await assert_a_double_tap_does_one_thing(handset)
    assert phone.foreign(handset.asked, shared.address) == []
    assert handset.complaints == []


async def test_the_pairing_token_leaves_the_address_at_once(shared: Floor, handset: Phone) -> None:
    link = shared.pairing_link("picker@linan")
    await handset.page.goto(f"{shared.address}/app/")
    await expect(handset.page.get_by_test_id("camera-toggle")).to_be_visible()
    await handset.pair(link)  # in the page that is open: the browser makes an entry of its own for it
    assert "#" not in handset.page.url
    assert await handset.page.evaluate("() => history.length") <= 4
    await handset.page.go_back()
    await expect(handset.next_list).to_be_visible()
    await handset.page.wait_for_timeout(300)
    assert await handset.page.locator(".note").count() == 0, "going back redeems no link again"
    token = link.rpartition("=")[2]
    assert not [url for url in handset.asked[1:] if token in url]


async def test_a_link_cut_off_in_mid_sign_is_refused_on_a_page_that_works(shared: Floor, handset: Phone) -> None:
    await handset.page.goto(f"{shared.address}/app/#pair=pmp1_01a20cf4356f70489c52a08448217852%E7")
    await expect(handset.page.locator(".note")).to_contain_text("no pairing code")
    await expect(handset.page.get_by_test_id("camera-toggle")).to_be_visible()
    assert handset.complaints == []
