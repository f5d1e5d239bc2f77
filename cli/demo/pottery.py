"""The pottery: a school of the demo."""

from cli.demo.world import Chapter, Place, School, Sold, Somebody

POTTERY = School(
    slug="pottery",
    name="Saltmarsh Pottery",
    tagline="Throw a bowl you would keep.",
    about="A studio by the estuary that teaches slowly, because most faults in a pot are made in its first minute.",
    colour="#1f6f72",
    time_zone="Europe/London",
    hue=96,
    people=(
        Somebody("ana", "Ana Marsh", "owner"),
        Somebody("ben", "Ben Okafor", "teacher"),
        Somebody("mia", "Mia Lindqvist", "moderator"),
        Somebody("sam", "Sam Reed", "student"),
        Somebody("zoe", "Zoë Addo", "student"),
    ),
    landing={
        "blocks": [
            {
                "kind": "hero",
                "promise": "Throw a bowl you would keep.",
                "lead": "Eight Tuesday evenings at the wheel, live, with a teacher who watches your hands. You leave "
                "with six pots fired and a habit that lasts.",
            },
            {
                "kind": "facts",
                "items": [
                    {"value": "8 weeks", "note": "Tuesdays, 19:00 London"},
                    {"value": "14 seats", "note": "so everyone is seen"},
                    {"value": "6 pots", "note": "glazed and fired for you"},
                    {"value": "Certificate", "note": "anyone can check it"},
                ],
            },
            {"kind": "outcomes", "title": "What your hands will know"},
            {"kind": "curriculum", "title": "The course", "note": "Lessons to keep, and a live class each week."},
            {"kind": "schedule", "title": "Next cohorts"},
            {
                "kind": "teachers",
                "title": "Your teachers",
                "items": [
                    {
                        "name": "Ben Okafor",
                        "place": "Orford, Suffolk",
                        "about": "Ben has thrown tableware for nineteen years and taught in village halls for twelve. "
                        "He keeps a log of every firing since 2009; you will read some of it.",
                    }
                ],
            },
            {
                "kind": "testimonials",
                "title": "What students say",
                "items": [
                    {
                        "text": "Three weekend courses and I never centred once. In week two I centred with my eyes "
                        "shut.",
                        "name": "Joan P.",
                        "when": "Spring 2026",
                    },
                    {
                        "text": "Ninety minutes that feel like twenty. Then you watch the recording and see your own "
                        "elbows.",
                        "name": "Piet v. R.",
                        "when": "Autumn 2025",
                    },
                ],
            },
            {
                "kind": "faq",
                "title": "Questions",
                "items": [
                    {
                        "question": "Do I need a wheel?",
                        "answer": "For the live classes, yes. Many studios rent theirs by the hour; we send you a "
                        "list before the course begins.",
                    },
                    {
                        "question": "What if I miss a Tuesday?",
                        "answer": "The recording becomes a lesson by the next morning, with the talk beside it.",
                    },
                    {
                        "question": "What is the certificate worth?",
                        "answer": "It says that you finished the lessons. Anybody can check it without asking us.",
                    },
                ],
            },
        ]
    },
    course="Throwing a bowl",
    course_slug="throwing-a-bowl",
    summary="From a lump of clay to a bowl you would put on your own table, one movement at a time.",
    outcomes=(
        ("Centre any lump up to 2 kg", "and know by touch when it is not"),
        ("Open and pull an even wall", "4 mm from foot to lip, three pulls"),
        ("Turn a foot ring", "that sits flat and lifts the form"),
        ("Choose a glaze for its thickness", "not for its photograph"),
    ),
    chapters=(
        Chapter(
            "Clay, water, patience",
            (
                (
                    "text",
                    "Why wheels turn the way they do",
                    "A wheel turns so that your stronger hand can stay **still**.\n\nMost of what goes wrong on it is "
                    "a hand that moves when it should wait. Before you touch the clay, let the wheel run and rest "
                    "your elbows on your knees. Breathe out. Then touch.\n\n## Three things to check\n\n1. The bat is "
                    "dry.\n2. Your stool is as high as the wheel head.\n3. The water is warm; cold hands grip.\n\n"
                    "> A pot remembers the first forty seconds of its life.",
                ),
                ("video", "Wedging until it is quiet", "Listen to the clay: when it stops clicking, it is ready."),
                (
                    "audio",
                    "A minute of the wheel, to practise by",
                    "Put it on, close your eyes, and move at its speed.",
                ),
            ),
        ),
        Chapter(
            "Centring",
            (
                ("file", "The one-page centring card", "Print it, hang it where you sit. It will get wet."),
                ("embed", "A kiln, seen from inside", "Eleven minutes with no words in them."),
                (
                    "quiz",
                    "Is it centred? Six small questions",
                    "1. Your hand is still and the clay is not: what do you do?\n2. Which hand leads when coning up?",
                ),
            ),
        ),
        Chapter(
            "The bowl",
            (
                ("live", "First evening at the wheel", "Tuesday, 19:00 in London. Bring a towel."),
                (
                    "assignment",
                    "Three bowls, one photograph",
                    "Throw three bowls from 800 g each. Photograph them side by side, from the height of the lip.",
                ),
                (
                    "text",
                    "When to stop",
                    "Stop one pull before you want to.\n\nA wall that is a little thick can be turned tomorrow. A wall "
                    "that is a little thin cannot be put back.",
                ),
            ),
        ),
    ),
    embed="https://video.example.org/kiln",
    batch="Tuesdays, winter",
    sold=Sold("A weekend at the wheel", 12_000, "GBP"),
    class_title="Opening the clay",
    rooms=(
        Place("open", "Welcome", "Say hello; anyone may read here", 24),
        Place("members", "Wheel talk", "Questions, pots, elbows", 120),
        Place("announcement", "Announcements", "From the studio", 8),
        Place("private", "Teachers", "For those who teach", 6),
    ),
    lines=(
        "My cylinder leans to the left every single time. Which hand is it?",
        "Almost always the one you are not looking at.",
        "Fired the first six today, none cracked.",
        "Is 800 g too much for a breakfast bowl?",
        "I use 650 g and it comes out at **14 cm** after firing.",
        "Wedge it twice. It clicks less the second time.",
        "The glaze ran off the foot again. Photograph tomorrow.",
        "Two coats, not three, on that white one.",
        "Who else is at the class on Tuesday?",
        "I am, from a rented wheel in Ghent.",
        "Centred with my eyes shut for the first time 🎉",
        "Slow the wheel down before you open, not after.",
        "How long do you let it stiffen before turning?",
        "Until it is like cold butter: a thumb leaves a dent and no print.",
        "Found my grandmother's wheel in the barn. It turns!",
        "Oil the bearing before you love it too much.",
        "Cone 6, eleven hours, perfect.",
        "Has anybody tried `grog 0.2` with porcelain?",
        "It feels like throwing sand, but it stands.",
        "Thank you all, that saved a whole shelf.",
    ),
)
