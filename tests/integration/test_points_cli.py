"""`zhibao points` and `zhibao users` against a running installation."""

from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image
from sqlalchemy import select, update

from config.settings import Settings
from intake.cli.installation import environment_of
from intake.cli.main import cli
from intake.cli.points import file_stem
from intake.domain.point import PointState
from intake.models import IntakePoint, RoleGrant, User
from intake.services.password import verify_password
from intake.wiring import Wiring
from tests.factories.town import Town


@pytest.fixture
def zhibao(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Zhibao":
    """The command line, in an environment that names the test's installation."""
    for variable, value in {**environment_of(settings), "ZHIBAO_DATA": str(tmp_path / "data")}.items():
        monkeypatch.setenv(variable, value)
    return Zhibao()


class Zhibao:
    def __call__(self, *arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(cli, arguments, input=typed)


def read_pdf(path: Path) -> tuple[int, list[str]]:
    """Number of pages and what the codes on the first one say."""
    document = pypdfium2.PdfDocument(path)
    page = document[0].render(scale=2, draw_annots=False).to_pil()
    pages = len(document)
    document.close()
    return pages, [code.text for code in zxingcpp.read_barcodes(page)]


def test_posters_of_a_street_can_be_scanned(zhibao: Zhibao, town: Town, tmp_path: Path) -> None:
    out = tmp_path / "海报"
    result = zhibao("points", "poster", "--area", "丰山街道", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == {
        f"{name}-{code}.{ending}"
        for name, code in (("龙池社区", town.longchi_code), ("紫薇社区", town.ziwei_code))
        for ending in ("pdf", "png", "svg")
    }
    for code in (town.longchi_code, town.ziwei_code):
        url = f"https://zhibao.example/p/{code}"
        (pdf,) = out.glob(f"*{code}.pdf")
        assert read_pdf(pdf) == (1, [url])
        with Image.open(pdf.with_suffix(".png")) as picture:
            assert [found.text for found in zxingcpp.read_barcodes(picture)] == [url]
        assert pdf.with_suffix(".svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_district_holds_the_points_of_its_streets(zhibao: Zhibao, town: Town, tmp_path: Path) -> None:
    assert zhibao("points", "poster", "--area", "云栖区", "--out", str(tmp_path / "out")).exit_code == 0
    assert len(list((tmp_path / "out").glob("*.pdf"))) == 3


def test_every_paper_as_vectors_and_as_pixels(zhibao: Zhibao, town: Town, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = zhibao("points", "poster", "--area", "龙池社区", "--out", str(out), "--format", "all", "--as", "both")
    assert result.exit_code == 0, result.output
    stem = f"龙池社区-{town.longchi_code}"
    papers = ("a4", "a3", "sticker", "card")
    vectors = {f"{stem}.pdf", *(f"{stem}-{paper}.pdf" for paper in papers[1:])}
    pixels = {f"{stem}-{paper}.png" for paper in papers}
    assert {path.name for path in out.iterdir()} == vectors | pixels | {f"{stem}.png", f"{stem}.svg"}
    url = f"https://zhibao.example/p/{town.longchi_code}"
    for name in vectors:
        pages, texts = read_pdf(out / name)
        assert (pages, set(texts)) == (1, {url})
    for name in pixels:
        with Image.open(out / name) as picture:
            assert {found.text for found in zxingcpp.read_barcodes(picture)} == {url}


def test_all_points_in_one_file_of_the_paper_asked_for(zhibao: Zhibao, town: Town, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = zhibao("points", "poster", "--area", "云栖区", "--out", str(out), "--format", "sticker", "--one-file")
    assert result.exit_code == 0, result.output
    (pdf,) = out.iterdir()
    assert pdf.name == "云栖区-海报-sticker.pdf"
    pages, texts = read_pdf(pdf)
    assert pages == 3
    assert len(texts) == 1


def test_a_bad_point_is_left_out_of_the_one_file_and_named(zhibao: Zhibao, wiring: Wiring, town: Town, tmp_path: Path) -> None:
    with wiring.sessions.begin() as session:
        session.execute(update(IntakePoint).where(IntakePoint.code == town.ziwei_code).values(helper_phone="0550\n0000001"))
    result = zhibao("points", "poster", "--area", "丰山街道", "--out", str(tmp_path / "out"), "--one-file")
    assert result.exit_code == 1
    assert "紫薇社区" in result.output
    (pdf,) = (tmp_path / "out").iterdir()
    assert read_pdf(pdf) == (1, [f"https://zhibao.example/p/{town.longchi_code}"])


def test_posters_carry_the_emblem_and_the_colour_of_the_district(zhibao: Zhibao, town: Town, tmp_path: Path) -> None:
    emblem = tmp_path / "emblem.png"
    Image.new("RGB", (200, 200), "#7A1B1B").save(emblem)
    out = tmp_path / "out"
    arguments = ("points", "poster", "--area", "龙池社区", "--out", str(out), "--as", "png", "--colour", "#1B3A7A")
    assert zhibao(*arguments, "--emblem", str(emblem)).exit_code == 0
    with Image.open(out / f"龙池社区-{town.longchi_code}-a4.png") as picture:
        colours = {rgb for count, rgb in picture.getcolors(maxcolors=1 << 24) or () if count > 1000}
    assert {(0x7A, 0x1B, 0x1B), (0x1B, 0x3A, 0x7A)} <= colours


# Pixels are a file each; a colour nobody can read; an emblem that is no picture.
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--one-file", "--as", "png"), "--one-file 只能写 PDF"),
        (("--colour", "#FFFF00"), "太浅"),
        (("--emblem", "EMBLEM"), "PNG 或 JPEG"),
    ],
)
def test_a_look_that_can_not_be_printed_is_a_sentence(
    zhibao: Zhibao, town: Town, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    emblem = tmp_path / "emblem.txt"
    emblem.write_text("hello")
    given = (str(emblem) if part == "EMBLEM" else part for part in arguments)
    result = zhibao("points", "poster", "--area", "龙池社区", "--out", str(tmp_path / "out"), *given)
    assert result.exit_code == 2
    assert sentence in result.output
    assert not (tmp_path / "out").exists()


def test_a_bad_point_is_named_and_the_others_are_written(zhibao: Zhibao, wiring: Wiring, town: Town, tmp_path: Path) -> None:
    with wiring.sessions.begin() as session:
        session.execute(
            update(IntakePoint).where(IntakePoint.code == town.ziwei_code).values(helper_phone="0550\n0000001", name="坏/名\\字")
        )
    result = zhibao("points", "poster", "--area", "丰山街道", "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "坏/名\\字" in result.output
    assert "换行" in result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"龙池社区-{town.longchi_code}.{e}" for e in ("pdf", "png", "svg")}


# An area that isn't there, and one below which nobody has a point.
@pytest.mark.parametrize(
    ("area", "sentence"), [("没有的街道", "没有叫“没有的街道”的区域"), ("99999999", "区域"), ("望江区", "没有在用的直报点")]
)
def test_a_bad_area_is_a_sentence(zhibao: Zhibao, town: Town, tmp_path: Path, area: str, sentence: str) -> None:
    result = zhibao("points", "poster", "--area", area, "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_a_retired_point_gets_no_poster(zhibao: Zhibao, town: Town, tmp_path: Path) -> None:
    assert zhibao("points", "retire", town.ziwei_code, "--note", "请扫龙池社区的二维码").exit_code == 0
    assert zhibao("points", "poster", "--area", "丰山街道", "--out", str(tmp_path / "out")).exit_code == 0
    assert len(list((tmp_path / "out").glob("*.pdf"))) == 1


def test_points_are_paused_and_resumed(zhibao: Zhibao, wiring: Wiring, town: Town) -> None:
    assert zhibao("points", "pause", town.longchi_code, "--note", "服务台搬家，下周一恢复").exit_code == 0
    listed = zhibao("points", "list", "--area", "龙池社区").output
    assert listed.split("\t")[:2] == [town.longchi_code, "暂停"]
    assert "服务台搬家" in listed
    assert zhibao("points", "resume", town.longchi_code).exit_code == 0
    with wiring.sessions() as session:
        point = session.scalars(select(IntakePoint).where(IntakePoint.code == town.longchi_code)).one()
        assert (point.state, point.closed_note) == (PointState.ACTIVE, "")


# What can't be done says why: nobody has the code; the state doesn't allow it; residents would read nothing.
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("pause", "nobody2345", "--note", "x"), "没有代码是"),
        (("resume", "LONGCHI"), "不能这样处理"),
        (("pause", "LONGCHI", "--note", ""), "理由"),
    ],
)
def test_a_change_that_is_not_possible_is_a_sentence(zhibao: Zhibao, town: Town, arguments: tuple[str, ...], sentence: str) -> None:
    result = zhibao("points", *(town.longchi_code if part == "LONGCHI" else part for part in arguments))
    assert result.exit_code == 2
    assert sentence in result.output


def test_all_points_are_listed_with_their_addresses(zhibao: Zhibao, town: Town) -> None:
    listed = zhibao("points", "list").output
    assert all(f"https://zhibao.example/p/{code}" in listed for code in (town.longchi_code, town.ziwei_code, town.shiqiao_code))


# A name may hold anything; a file's name holds letters, digits and dashes.
@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("龙池社区", "龙池社区-c"),
        ("../../etc/passwd", "etc_passwd-c"),
        ("a b/c:d*e?", "a_b_c_d_e-c"),
        ("🙂", "c"),
        ("长" * 60, "长" * 40 + "-c"),
    ],
)
def test_file_names_are_safe(name: str, stem: str) -> None:
    assert file_stem(name, "c") == stem


def test_an_account_is_made_from_a_script(zhibao: Zhibao, wiring: Wiring, town: Town) -> None:
    made = zhibao(
        "users",
        "create",
        "qianlu",
        "--name",
        "钱路",
        "--role",
        "member",
        "--area",
        "紫薇社区",
        "--password-stdin",
        typed="a-long-password\n",
    )
    assert made.exit_code == 0, made.output
    with wiring.sessions() as session:
        user = session.scalars(select(User).where(User.login == "qianlu")).one()
        assert verify_password(user.password_hash, "a-long-password")
        assert session.scalars(select(RoleGrant.area_id).where(RoleGrant.user_id == user.id)).all() == [town.ziwei_id]
    assert "qianlu\t钱路\t委员@紫薇社区" in zhibao("users", "list").output


def test_a_password_is_asked_for_twice_and_not_shown(zhibao: Zhibao, town: Town) -> None:
    typed = "a-long-password\na-long-password\n"
    made = zhibao("users", "create", "qianlu", "--name", "钱路", "--role", "staff", "--area", "云栖区", typed=typed)
    assert made.exit_code == 0, made.output
    assert "a-long-password" not in made.output


# Taken, too short, and a city, which belongs to no district.
@pytest.mark.parametrize(
    ("login", "area", "password", "sentence"),
    [
        ("zhou", "云栖区", "a-long-password", "有人用了"),
        ("qianlu", "云栖区", "short", "至少"),
        ("qianlu", "临江市", "a-long-password", "属于一个区"),
    ],
)
def test_a_refused_account_is_a_sentence(zhibao: Zhibao, town: Town, login: str, area: str, password: str, sentence: str) -> None:
    result = zhibao(
        "users", "create", login, "--name", "钱路", "--role", "staff", "--area", area, "--password-stdin", typed=password + "\n"
    )
    assert result.exit_code == 2
    assert sentence in result.output


def test_the_audit_chain_is_verified(zhibao: Zhibao, town: Town) -> None:
    result = zhibao("audit", "verify")
    assert result.exit_code == 0
    assert "完整" in result.output
