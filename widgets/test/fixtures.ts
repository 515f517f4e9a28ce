// States written by Python (tests/widgets/test_state.py keeps them true).
import elastic from "./fixtures/elastic.json";
import forbidden from "./fixtures/forbidden.json";
import prediction from "./fixtures/prediction.json";
import structure from "./fixtures/structure.json";

export { elastic, forbidden, prediction, structure };
