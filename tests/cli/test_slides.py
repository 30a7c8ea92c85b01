"""`--slides` and `--frames`: for a talk, from the command line."""

from click.testing import CliRunner

from graphtrace.cli import main

CALL = ["render", "u = b*c; v = a + u; J = 3*v", "--at", "a=5", "--at", "b=3", "--at", "c=2"]


def run(*arguments):
    return CliRunner().invoke(main, [*CALL, *arguments])


def test_slides_are_svg_for_reveal_or_tikz_for_beamer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("--slides").exit_code == 0
    assert (tmp_path / "J.svg").read_text("utf-8").count("data-fragment-index") > 20
    assert run("--slides", "-o", "J.tex").exit_code == 0
    assert r"\uncover<2->{" in (tmp_path / "J.tex").read_text("utf-8")
    wrong = run("--slides", "-o", "J.png")
    assert wrong.exit_code == 2
    assert "png has no overlays" in wrong.output
    assert not (tmp_path / "J.png").exists()


def test_frames_are_numbered_files_in_a_folder(tmp_path):
    done = run("--frames", f"{tmp_path}/frames/")
    assert done.output == f"wrote {tmp_path}/frames: 01.svg to 10.svg\n"
    assert len(list((tmp_path / "frames").iterdir())) == 10
    assert run("--frames", str(tmp_path / "frames"), "--format", "tikz").exit_code == 0
    assert len(list((tmp_path / "frames").iterdir())) == 20
    for more, sentence in (
        (["-o", "J.svg"], "frames are files in a folder, and need no --output: leave it out"),
        (["--play"], "a player has no frames: leave out one of the two"),
        (["--quiz", "values"], "--frames and --quiz are two things: draw them one by one"),
    ):
        wrong = run("--frames", str(tmp_path / "other"), *more)
        assert wrong.exit_code != 0
        assert sentence in wrong.output
    assert not (tmp_path / "other").exists()
