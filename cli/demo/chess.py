"""The chess room: the second school of the demo, of the same shape."""

from cli.demo.world import Chapter, Place, School, Somebody

CHESS = School(
    slug="chess",
    name="The Quiet Rook",
    tagline="Play fewer moves, and better ones.",
    about="Evenings of slow chess for people who learned the rules long ago and the endgame never.",
    colour="#7a3b69",
    time_zone="Europe/Vienna",
    hue=160,
    people=(Somebody("otto", "Otto Brandt", "owner"), Somebody("eve", "Eve Castell", "student")),
    landing={
        "blocks": [
            {
                "kind": "hero",
                "promise": "Play fewer moves, and better ones.",
                "lead": "Six Thursday evenings on the endgame: the part of the game where one square decides and "
                "nobody has taught you which.",
            },
            {
                "kind": "facts",
                "items": [
                    {"value": "6 weeks", "note": "Thursdays, 18:30 Vienna"},
                    {"value": "10 seats", "note": "one board each"},
                    {"value": "48 positions", "note": "to take home"},
                    {"value": "Certificate", "note": "anyone can check it"},
                ],
            },
            {"kind": "outcomes", "title": "What you will see on the board"},
            {"kind": "curriculum", "title": "The course", "note": "Short lessons, long positions."},
            {"kind": "schedule", "title": "Next cohorts"},
            {
                "kind": "teachers",
                "title": "Your teacher",
                "items": [
                    {
                        "name": "Otto Brandt",
                        "place": "Vienna",
                        "about": "Otto has lost more rook endings than most people have played, and wrote each down.",
                    }
                ],
            },
            {
                "kind": "testimonials",
                "title": "What students say",
                "items": [
                    {
                        "text": "I drew a game I would have lost in four moves. I knew why, too.",
                        "name": "Lena H.",
                        "when": "Spring 2026",
                    }
                ],
            },
            {
                "kind": "faq",
                "title": "Questions",
                "items": [
                    {"question": "How strong must I be?", "answer": "You know how the pieces move. That is all."},
                    {
                        "question": "Do we play blitz?",
                        "answer": "No. We look at one position for twenty minutes, and it is enough.",
                    },
                ],
            },
        ]
    },
    course="The rook ending",
    course_slug="the-rook-ending",
    summary="Five positions that decide most of the games you will ever play to the end.",
    outcomes=(
        ("Draw a pawn down", "by keeping the rook where it hurts"),
        ("Build the bridge", "and bring the pawn home"),
        ("Count the squares", "before you count the pieces"),
    ),
    chapters=(
        Chapter(
            "One rook, one pawn",
            (
                (
                    "text",
                    "Where the king belongs",
                    "In front of the pawn, or beside it: never **behind** it.\n\nPut a coin on the board where the "
                    "pawn will stand in three moves. If your king reaches the coin first, you have a draw.\n\n"
                    "- Keep the rook far away.\n- Check from the side.\n- Do not hurry.",
                ),
                ("video", "The bridge, move by move", "Watch the fourth rank. It is the whole secret."),
                ("audio", "A clock, for thinking", "One minute. Do not move before it ends."),
            ),
        ),
        Chapter(
            "Two pawns",
            (
                ("file", "Forty-eight positions", "A page to keep in your coat."),
                ("embed", "A famous ending, replayed", "Sixty-one moves in nine minutes."),
                ("quiz", "White to move", "1. Which pawn first?\n2. Which rank for the rook?"),
            ),
        ),
        Chapter(
            "The clock",
            (
                ("live", "First evening at the board", "Thursday, 18:30 in Vienna."),
                ("assignment", "Your own lost ending", "Send one ending you lost, and the move you would change."),
                ("text", "When to offer a draw", "When you would rather go on. Then it means something."),
            ),
        ),
    ),
    embed="https://video.example.org/ending",
    batch="Thursdays, winter",
    class_title="The bridge",
    rooms=(
        Place("open", "Front hall", "Say hello; anyone may read here", 18),
        Place("members", "Analysis", "Positions, and why", 96),
        Place("announcement", "From the desk", "News of the room", 6),
        Place("private", "Arbiters", "For those who run it", 4),
    ),
    lines=(
        "Is the rook better on the seventh or behind the pawn here?",
        "Behind. It always was.",
        "I lost on time with a drawn position. Again.",
        "Write down the move you were about to play. It slows you.",
        "Black's king cuts itself off on move 41, look.",
        "Good eyes. I had not seen it in twenty years.",
        "Anyone for a slow game on Sunday?",
        "I am in, 30 minutes each.",
        "The bridge works! First time over the board 🎉",
        "Then it was yours.",
        "Can a knight ever hold this?",
        "For nine moves. Then it is tired.",
        "What do you do against the *long-side* check?",
        "Step toward it. It looks wrong and it is right.",
        "Thursday's class was the best one yet.",
    ),
)
